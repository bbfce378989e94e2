//! A test case out of a run that took place: its log as acts. What a script cannot say is refused or told, and what is made
//! is played before it is given, so that a test case never shows something else than the run did.

mod facts;

use super::{
    play::{Player, rehearse},
    script::{ACTS_MAX, Act, Answer, Given, Opening, Persona, Script},
    test_case::{Expectations, ExpectedStatus, TestCase},
};
use crate::{
    approval::Edits,
    catalogue::Catalogue,
    document::{Channel, StepId},
    log::{FailureClass, LogEntry, StepError, at_point, history},
    run::{
        Actor, CallEvent, CallId, CallRequest, CheckpointEvent, ClosedBy, EndedStatus, Event, Found, OpenApproval,
        Outcome, Phase, RunEvent, RunState, Stage, Start, StepEvent, Verdict, Version,
    },
    time::{Span, Timestamp},
};
use facts::Facts;
use serde_json::Value;

/// Longest test case made of a run, bytes of JSON.
const CASE_BYTES_MAX: usize = 1024 * 1024;
/// The most timers of one wait: a reminder, a ladder, an escalation, a timeout.
const TIMERS_MAX: usize = 14;

/// A run as a test case.
#[derive(Debug, Clone, PartialEq)]
pub struct FromRun {
    /// It plays to the same path, calls and end.
    pub case: TestCase,
    /// What of the run it does not show.
    pub limits: Vec<Limit>,
}

/// Something of a run that a test case does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Stable short name.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Why no test case can be made of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATest {
    /// The log does not begin with a start.
    #[error("the record of this run does not begin with its start")]
    Unreadable,
    /// It was moved to another version.
    #[error("this run was moved to another version while it waited: a test case plays one version")]
    Moved,
    /// It was over and went on.
    #[error("this run was retried: a test case has no retry")]
    Retried,
    /// It goes on from another run.
    #[error("this run goes on from another one: a test case begins at the start")]
    Continued,
    /// More acts or data than a test case holds.
    #[error("{0}")]
    TooLong(String),
    /// Played, it does something else.
    #[error("played again, it does not do what the run did: {0}")]
    PlaysDifferently(String),
}

impl NotATest {
    /// Stable short name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Moved => "run_moved",
            Self::Retried => "run_retried",
            Self::Continued => "run_continued",
            Self::TooLong(_) => "too_long",
            Self::PlaysDifferently(_) => "plays_differently",
        }
    }
}

/// Makes a test case named `name` of the run that wrote `log` on `version`.
///
/// # Errors
/// Why none can be made.
pub fn from_run(version: &Version, catalogue: &Catalogue, log: &[LogEntry], name: String) -> Result<FromRun, NotATest> {
    let (start, at) = begun(log)?;
    let mut limits = Vec::new();
    let opening = opening(version, start, at, &mut limits);
    let acts = Copier::begin(version, &opening, start.started_by.as_ref())?.copy(log)?;
    let script = Script { opening, acts };
    let played = rehearse(version, catalogue, &script, at);
    if let Some(refused) = played.refused {
        return Err(NotATest::PlaysDifferently(refused.message));
    }
    let (steps, state) = (history(version, log), at_point(log, u32::MAX).state);
    let (recorded, played) = (Facts::of(&steps, state.ended()), Facts::of(&played.steps, played.ended.as_ref()));
    let expect = Expectations { status: Some(status(&recorded)), ..recorded.shared_with(&played, &mut limits)? };
    if recorded.end.is_none() {
        limits.push(still_open(&recorded.path));
    }
    let case = TestCase { name, opening: script.opening, acts: script.acts, expect };
    let length = serde_json::to_string(&case).map_or(usize::MAX, |text| text.len());
    if length > CASE_BYTES_MAX {
        let message = format!("the data of this run is larger than a test case may be, {CASE_BYTES_MAX} bytes");
        return Err(NotATest::TooLong(message));
    }
    match case.run(version, catalogue).failures.into_iter().next() {
        Some(failure) => Err(NotATest::PlaysDifferently(failure.message)),
        None => Ok(FromRun { case, limits }),
    }
}

fn begun(log: &[LogEntry]) -> Result<(&Start, Timestamp), NotATest> {
    let mut events = log.iter().flat_map(|entry| &entry.events);
    let Some(Event::Run(RunEvent::Started { start, at, .. })) = events.next() else {
        return Err(NotATest::Unreadable);
    };
    events.try_fold((start.as_ref(), *at), |begun, event| match event {
        Event::Run(RunEvent::Moved { .. }) => Err(NotATest::Moved),
        Event::Run(RunEvent::Reopened { .. }) => Err(NotATest::Retried),
        Event::Run(RunEvent::Continued { .. }) => Err(NotATest::Continued),
        Event::Run(RunEvent::Started { .. }) => Err(NotATest::Unreadable),
        Event::Run(RunEvent::CancelRequested { .. } | RunEvent::Ended { .. } | RunEvent::CustomerProven { .. })
        | Event::Step { .. }
        | Event::Call { .. }
        | Event::Checkpoint { .. } => Ok(begun),
    })
}

/// How it began. A start that a script has no words for is one by hand, with the same input.
fn opening(version: &Version, start: &Start, at: Timestamp, limits: &mut Vec<Limit>) -> Opening {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let trigger = text(&start.trigger, "type").unwrap_or_default();
    let known = ["name", "email", "phone", "telegram", "external_id"];
    let mut customer = start.customer.as_object().cloned().unwrap_or_default();
    customer.retain(|name, value| !(value.is_null() && known.contains(&name.as_str())));
    let by_hand = Opening {
        message: None,
        input: if start.input.as_object().is_some_and(serde_json::Map::is_empty) {
            Value::Null
        } else {
            start.input.clone()
        },
        customer,
        by: start.started_by.as_ref().map(persona),
        at: Some(at),
    };
    let by_message = text(&start.trigger, "text").filter(|_| trigger == "message").map(|words| Opening {
        message: Some(words),
        by: None,
        ..by_hand.clone()
    });
    if let Some(channel) = text(&start.conversation, "channel").filter(|channel| channel != "web") {
        let message = format!("It ran in a conversation over {channel}; a test case plays one on the web.");
        limits.push(Limit { code: "channel", message });
    }
    match by_message {
        Some(opening) if Player::new(version, at).open(&opening).is_ok() => opening,
        _ if matches!(trigger.as_str(), "manual" | "api") => by_hand,
        _ => {
            let message = format!("It was started by a {trigger}; the test case starts by hand, with the same input.");
            limits.push(Limit { code: "trigger", message });
            by_hand
        }
    }
}

fn persona(actor: &Actor) -> Persona {
    Persona { name: actor.name.clone(), email: actor.counted_email().to_owned(), roles: actor.counted_roles().to_vec() }
}

fn status(recorded: &Facts<'_>) -> ExpectedStatus {
    match recorded.end.map(|end| end.status) {
        Some(EndedStatus::Completed) => ExpectedStatus::Completed,
        Some(EndedStatus::Rejected) => ExpectedStatus::Rejected,
        Some(EndedStatus::Failed) => ExpectedStatus::Failed,
        Some(EndedStatus::Cancelled) => ExpectedStatus::Cancelled,
        None => ExpectedStatus::Waiting,
    }
}

fn still_open(path: &[&str]) -> Limit {
    let at = path.last().unwrap_or(&"its start");
    Limit { code: "not_over", message: format!("The run is not over: the test case ends at `{at}`, where it waits.") }
}

/// An act, and whether it may be left out because the player does the same by itself.
struct Copied {
    act: Act,
    goes_without_saying: bool,
}

struct Copier<'a> {
    /// Plays along, so that the clock of the script is known.
    player: Player<'a>,
    acts: Vec<Copied>,
    here: StepId,
    /// The call under way is a message.
    message: bool,
    /// It asks whether words may be said in the conversation. On the web, where a script plays, nobody asks.
    asks: bool,
    /// Who took part, by the id they had, and as whom they are played.
    people: Vec<(String, Persona)>,
    version: &'a Version,
    /// What was changed in the decision to come.
    edits: Edits,
}

impl<'a> Copier<'a> {
    fn begin(version: &'a Version, opening: &Opening, by: Option<&Actor>) -> Result<Self, NotATest> {
        let mut player = Player::new(version, opening.at.unwrap_or_default()).without_deliveries();
        player.open(opening).map_err(|problem| NotATest::PlaysDifferently(problem.message))?;
        let people = by.map(|by| (by.id.clone(), persona(by))).into_iter().collect();
        Ok(Self {
            player,
            acts: Vec::new(),
            here: StepId::new(),
            message: false,
            asks: false,
            people,
            version,
            edits: Edits::new(),
        })
    }

    fn copy(mut self, log: &[LogEntry]) -> Result<Vec<Act>, NotATest> {
        for entry in log {
            for (index, event) in entry.events.iter().enumerate() {
                let before = index.checked_sub(1).and_then(|before| entry.events.get(before));
                self.event(event, before, entry)?;
            }
        }
        let acts = spoken(self.acts);
        if acts.len() > ACTS_MAX {
            return Err(NotATest::TooLong(format!(
                "this run takes {} acts; a test case has at most {ACTS_MAX}",
                acts.len()
            )));
        }
        Ok(acts)
    }

    fn event(&mut self, event: &Event, before: Option<&Event>, entry: &LogEntry) -> Result<(), NotATest> {
        match event {
            Event::Run(what) => self.run(what, entry.at),
            Event::Step { what: StepEvent::Entered { step, .. }, .. } => {
                self.here.clone_from(step);
                Ok(())
            }
            Event::Step { .. } => Ok(()),
            Event::Call { id, what } => self.call(*id, what, before),
            Event::Checkpoint { visit, what } => self.checkpoint(*visit, what, entry.at),
        }
    }

    fn run(&mut self, event: &RunEvent, at: Timestamp) -> Result<(), NotATest> {
        match event {
            RunEvent::CancelRequested { reason, .. } => self.cancels(reason, at),
            RunEvent::Ended { status: EndedStatus::Cancelled, error, .. } if self.player.state().ended().is_none() => {
                self.cancels(error.as_ref().map_or("", |error| &error.message), at)
            }
            RunEvent::Ended { .. }
            | RunEvent::Started { .. }
            | RunEvent::Reopened { .. }
            | RunEvent::Continued { .. }
            | RunEvent::Moved { .. }
            | RunEvent::CustomerProven { .. } => Ok(()),
        }
    }

    fn call(&mut self, id: CallId, event: &CallEvent, before: Option<&Event>) -> Result<(), NotATest> {
        match event {
            CallEvent::Requested { request, .. } => {
                self.message = matches!(request.as_ref(), CallRequest::Message { .. });
                self.asks = matches!(request.as_ref(), CallRequest::Message { channel: Channel::Conversation, .. });
                let paused = matches!(
                    &self.player.state().phase,
                    Phase::Calling { stage: Stage::BackingOff { attempt, .. }, .. } if *attempt == id.attempt
                );
                if paused { self.act(Act::Waits { duration: None }) } else { Ok(()) }
            }
            CallEvent::Succeeded { .. } if self.asks => Ok(()),
            CallEvent::Succeeded { output, .. } => self.succeeded(output, before),
            CallEvent::Failed { error, .. } => self.answers(failure(error)),
            CallEvent::LookUpAnswered { found: Found::DidNotHappen } => self.answers(Answer::DidNotHappen),
            CallEvent::LookUpAnswered { found: Found::Unclear } => self.answers(Answer::Unclear),
            // Its output follows.
            CallEvent::LookUpAnswered { found: Found::Happened }
            | CallEvent::Resumed
            | CallEvent::Scheduled { .. }
            | CallEvent::LookUpRequested => Ok(()),
        }
    }

    fn checkpoint(&mut self, visit: u32, event: &CheckpointEvent, at: Timestamp) -> Result<(), NotATest> {
        match event {
            // What was held and taken back was not said; what was not taken back comes with the end.
            CheckpointEvent::Opened { .. } | CheckpointEvent::Held(_) | CheckpointEvent::TakenBack(_) => Ok(()),
            CheckpointEvent::Reminded | CheckpointEvent::Climbed { .. } => self.act(Act::Waits { duration: None }),
            CheckpointEvent::Unusable { count, .. } => {
                self.pass(at)?;
                self.act(Act::Says { text: format!("(no answer, {count})") })
            }
            CheckpointEvent::Escalated { .. } => {
                self.until(|state| state.phase.approval().is_none_or(|wait| wait.escalated.is_some()))
            }
            CheckpointEvent::ApprovalGiven { by, comment } => {
                self.person(&Outcome::Decided(Verdict::Approved), comment, &Value::Null, by, at)
            }
            CheckpointEvent::Edited { edits, by, comment, .. } => {
                self.edits = edits.clone();
                let open = OpenApproval::of(self.version, self.player.state());
                // Where another pair of eyes is demanded the change is an act of its own.
                if open.is_none_or(|open| !open.approvers().exclude_requester) {
                    return Ok(());
                }
                self.person(&Outcome::Decided(Verdict::Approved), comment, &Value::Null, by, at)
            }
            CheckpointEvent::RejectionGiven { by, comment } => {
                self.person(&Outcome::Decided(Verdict::Rejected), comment, &Value::Null, by, at)
            }
            CheckpointEvent::Closed { outcome, by, comment, values, said_at, .. } => match by {
                ClosedBy::Person { actor } => self.person(outcome, comment, values, actor, said_at.unwrap_or(at)),
                ClosedBy::Timeout => self.until(|state| {
                    state.open_checkpoint().is_none() || state.place().is_none_or(|place| place.visit != visit)
                }),
                // The end of the run follows.
                ClosedBy::Cancel => Ok(()),
            },
        }
    }

    /// The event before tells who said so.
    fn succeeded(&mut self, output: &Value, before: Option<&Event>) -> Result<(), NotATest> {
        let output = output.clone();
        if matches!(before, Some(Event::Checkpoint { what: CheckpointEvent::Closed { .. }, .. })) {
            // A person: that was copied.
            return Ok(());
        }
        let looked_up = matches!(before, Some(Event::Call { what: CallEvent::LookUpAnswered { .. }, .. }));
        let answered = Answer::Output { output: output.clone(), given: Some(Given::Recorded) };
        self.answers(if looked_up { Answer::Happened { output } } else { answered })
    }

    fn act(&mut self, act: Act) -> Result<(), NotATest> {
        self.copied(act, false)
    }

    fn copied(&mut self, act: Act, goes_without_saying: bool) -> Result<(), NotATest> {
        self.player.act(&act, None).map_err(|problem| {
            let at = if self.here.is_empty() { String::new() } else { format!("at `{}` ", self.here) };
            NotATest::PlaysDifferently(format!("{at}{}", problem.message))
        })?;
        self.acts.push(Copied { act, goes_without_saying });
        Ok(())
    }

    fn answers(&mut self, answer: Answer) -> Result<(), NotATest> {
        let goes_without_saying = self.message && matches!(answer, Answer::Output { .. });
        self.copied(Act::Answers { step: Some(self.here.clone()), answer }, goes_without_saying)
    }

    /// Timer by timer until it is so.
    fn until(&mut self, reached: impl Fn(&RunState) -> bool) -> Result<(), NotATest> {
        for _ in 0..TIMERS_MAX {
            if reached(self.player.state()) {
                return Ok(());
            }
            self.act(Act::Waits { duration: None })?;
        }
        Ok(())
    }

    /// Lets the script's clock catch up with the run's. A timer that the run outlived does not fire: its process was late.
    fn pass(&mut self, at: Timestamp) -> Result<(), NotATest> {
        let state = self.player.state();
        if state.under_way().is_some() {
            return Ok(());
        }
        let last = state.wake_at().map_or(at, |due| at.min(Timestamp(due.0.saturating_sub(1))));
        match last.since(self.player.now()) {
            0 => Ok(()),
            passed => self.act(Act::Waits { duration: Some(Span(passed.min(Span::MAX.0))) }),
        }
    }

    fn person(
        &mut self,
        outcome: &Outcome,
        comment: &str,
        values: &Value,
        by: &Actor,
        at: Timestamp,
    ) -> Result<(), NotATest> {
        if *outcome == Outcome::Unusable {
            // What they wrote before has led there.
            return Ok(());
        }
        self.pass(at)?;
        let (word, comment, by) = (outcome.word().to_owned(), comment.to_owned(), Some(self.played_as(by)));
        // Where it waits for nobody the player says so.
        let act = match outcome {
            Outcome::Submitted => Act::Submits { values: values.clone() },
            Outcome::HandedBack(_) => Act::HandsBack { outcome: word, comment, by, values: values.clone() },
            Outcome::Resolved(resolution) => Act::Resolves { answer: resolution.answer(values.clone()), comment },
            Outcome::Decided(_) | Outcome::Timeout | Outcome::Unusable | Outcome::Cancelled => {
                let (edits, values) = (std::mem::take(&mut self.edits), values.clone());
                Act::Decides { outcome: word, comment, by, edits, values }
            }
        };
        self.act(act)
    }

    /// Whoever acts. Two who would pass for one get names that tell them apart.
    fn played_as(&mut self, actor: &Actor) -> Persona {
        let mut wanted = persona(actor);
        if let Some((_, known)) = self.people.iter().find(|(id, _)| *id == actor.id) {
            return Persona { name: known.name.clone(), email: known.email.clone(), roles: wanted.roles };
        }
        let taken = |wanted: &Persona| self.people.iter().any(|(_, other)| other.actor().id == wanted.actor().id);
        if taken(&wanted) {
            wanted.email.clear();
        }
        if taken(&wanted) {
            wanted.name = format!("{} ({})", wanted.name, self.people.len() + 1);
        }
        self.people.push((actor.id.clone(), wanted.clone()));
        wanted
    }

    fn cancels(&mut self, reason: &str, at: Timestamp) -> Result<(), NotATest> {
        self.pass(at)?;
        self.act(Act::Cancels { reason: reason.to_owned() })
    }
}

fn failure(error: &StepError) -> Answer {
    let StepError { class, code, message, details } = error.clone();
    if class == FailureClass::Unknown && code == "timeout" && details.is_null() {
        return Answer::Timeout;
    }
    Answer::Error { class, code, message, details, given: Some(Given::Recorded) }
}

/// The acts without those the player does by itself. A message is taken by itself unless the next act answers its step.
fn spoken(copied: Vec<Copied>) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::with_capacity(copied.len());
    for Copied { act, goes_without_saying } in copied.into_iter().rev() {
        let Act::Answers { step, .. } = &act else {
            acts.push(act);
            continue;
        };
        let claimed = matches!(acts.last(), Some(Act::Answers { step: next, .. }) if next == step);
        if !goes_without_saying || claimed {
            acts.push(act);
        }
    }
    acts.reverse();
    acts
}
