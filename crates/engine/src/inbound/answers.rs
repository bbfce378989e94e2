//! A message from a channel that has no forms, while a run waits for one: it is the answer to a question.

use super::{Came, consent::is_about_consent, end_of, messages::Incoming};
use crate::{Engine, EngineError, run::Counted};
use countersign_channels::{Asked, Asking, Question, Reply};
use countersign_core::run::{Actor, FieldProblem, PostedForm, Refusal, Via};
use countersign_store::{
    Author, CheckpointFilter, CheckpointKind, CheckpointRow, CheckpointStatus, InboundOutcome, InboundRow, MessageRow,
    NewMessage, PageRequest, RunFilter, RunStatus, WaitingFor,
};
use serde_json::{Value, json};

/// Runs of a conversation that are looked at for an open form.
const RUNS_MAX: u32 = 20;
/// Messages a form is answered with at most.
const REPLIES_MAX: u32 = 1000;

impl Engine {
    /// Takes the message for an answer to the open form of its conversation; nothing when there is none.
    pub(super) async fn form_answered(
        &self,
        row: &InboundRow,
        incoming: &Incoming,
        message: &str,
    ) -> Result<Option<Came>, EngineError> {
        let conversation = &incoming.conversation;
        let workspace = row.workspace.as_str();
        let Some(checkpoint) = self.open_form(workspace, &conversation.id).await? else { return Ok(None) };
        let store = &self.0.store;
        let said = store.get_message(workspace, message).await?.ok_or(EngineError::NotFound("message"))?;
        let posted = store.form_message(workspace, &conversation.id, &checkpoint.id).await?;
        let Some(posted) = posted.filter(|posted| posted.position < said.position) else {
            return Ok(Some(Came::unanswered("it came before the form")));
        };
        let form: PostedForm = serde_json::from_str(posted.form.as_deref().unwrap_or_default())
            .map_err(|error| EngineError::Corrupt(error.to_string()))?;
        let Some(asking) = Asking::of(&form.schema, &form.prefill, &checkpoint.id) else {
            let over = self.no_answer(row, incoming, &checkpoint, message).await?;
            return Ok(over.or_else(|| Some(Came::unanswered("the open form cannot be answered in words"))));
        };
        let since = store.list_messages(workspace, &conversation.id, posted.position, REPLIES_MAX).await?;
        let replies: Vec<(String, Option<String>)> = since
            .into_iter()
            .filter(|one| one.author == Author::Customer && one.position <= said.position && !is_about_consent(one))
            .map(|one| (one.body.clone(), choice_of(&one)))
            .collect();
        let replies = replies.iter().map(|(text, choice)| Reply { text, choice: choice.as_deref() });
        let values = match asking.after(replies) {
            Asked::Complete(values) => values,
            Asked::Question(question) => {
                if question.again
                    && choice_of(&said).is_none()
                    && let Some(over) = self.no_answer(row, incoming, &checkpoint, message).await?
                {
                    return Ok(Some(over));
                }
                return self.ask(row, &said, &checkpoint, question).await.map(Some);
            }
        };
        match self.submit_form_from(workspace, &checkpoint.id, values, author(incoming), Some(row.id.clone())).await {
            Ok(_) => Ok(Some(Came::Ended(None))),
            Err(EngineError::AlreadyDecided(_)) => Ok(Some(Came::unanswered("the form was closed meanwhile"))),
            Err(EngineError::Refused(Refusal::InvalidForm { problems })) => {
                if let Some(over) = self.no_answer(row, incoming, &checkpoint, message).await? {
                    return Ok(Some(over));
                }
                let question = begun_anew(&asking, &problems);
                self.ask(row, &said, &checkpoint, question).await.map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// What is written in the chat on our own pages while a form is open there is no answer to it; what follows where it was
    /// one too many.
    pub(super) async fn written_beside_form(
        &self,
        row: &InboundRow,
        incoming: &Incoming,
        message: &str,
    ) -> Result<Option<Came>, EngineError> {
        let (workspace, conversation) = (row.workspace.as_str(), incoming.conversation.id.as_str());
        let Some(checkpoint) = self.open_form(workspace, conversation).await? else { return Ok(None) };
        let store = &self.0.store;
        let said = store.get_message(workspace, message).await?.ok_or(EngineError::NotFound("message"))?;
        let posted = store.form_message(workspace, conversation, &checkpoint.id).await?;
        match posted.is_some_and(|posted| posted.position < said.position) {
            true => self.no_answer(row, incoming, &checkpoint, message).await,
            false => Ok(None),
        }
    }

    /// Counts a message that is no answer to a form; what follows where the form does not wait on.
    async fn no_answer(
        &self,
        row: &InboundRow,
        incoming: &Incoming,
        checkpoint: &CheckpointRow,
        message: &str,
    ) -> Result<Option<Came>, EngineError> {
        let at = (row.workspace.as_str(), checkpoint.id.as_str());
        Ok(match self.reply_unusable(at, message, author(incoming), &row.id).await? {
            Counted::Open => None,
            Counted::Over => Some(Came::Ended(None)),
            Counted::Closed => Some(Came::unanswered("the form was closed meanwhile")),
        })
    }

    /// The form a run of the conversation waits for.
    async fn open_form(&self, workspace: &str, conversation: &str) -> Result<Option<CheckpointRow>, EngineError> {
        let filter = RunFilter {
            conversation: Some(conversation.to_owned()),
            status: vec![RunStatus::Waiting],
            ..RunFilter::default()
        };
        let page = PageRequest { after: None, limit: RUNS_MAX };
        let runs = self.0.store.list_runs(workspace, &filter, &page).await?.items;
        for run in runs.into_iter().filter(|run| run.waiting_for == Some(WaitingFor::Form)) {
            let filter = CheckpointFilter {
                status: Some(CheckpointStatus::Open),
                kind: vec![CheckpointKind::Form],
                run: Some(run.id),
                ..CheckpointFilter::default()
            };
            let page = PageRequest { after: None, limit: 1 };
            if let Some(found) = self.0.store.list_checkpoints(workspace, &filter, &page).await?.items.pop() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Asks, and ends what was answered with it.
    async fn ask(
        &self,
        row: &InboundRow,
        said: &MessageRow,
        checkpoint: &CheckpointRow,
        question: Question,
    ) -> Result<Came, EngineError> {
        let message = NewMessage {
            id: format!("{}.q", said.id),
            conversation: said.conversation.clone(),
            at: self.now(),
            author: Author::Workflow,
            author_name: String::new(),
            body: question.text,
            form: None,
            checkpoint: None,
            run: Some(checkpoint.run.clone()),
            data: Some(json!({ "choices": question.choices }).to_string()),
            leaves: true,
        };
        let end = end_of(row, InboundOutcome::Asked, self.now());
        let new = match question.again && choice_of(said).is_none() {
            // What is no answer may be a question of theirs: a person looks at it.
            true => self.0.store.ask_again(&message, &end, said).await?,
            false => self.0.store.receive_message(&message, &end, None).await?.1,
        };
        self.0.to_send.notify_one();
        match new {
            true => Ok(Came::Ended(None)),
            false => Ok(Came::Nothing(InboundOutcome::Asked, None)),
        }
    }
}

/// Whoever wrote in the conversation.
fn author(incoming: &Incoming) -> Actor {
    let Incoming { conversation, customer } = incoming;
    Actor {
        id: conversation.customer.clone().unwrap_or_else(|| conversation.id.clone()),
        name: customer.as_ref().map(|row| row.name.clone()).unwrap_or_default(),
        email: String::new(),
        roles: Vec::new(),
        via: Via::Conversation,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    }
}

/// The first question again, with what did not fit.
fn begun_anew(asking: &Asking<'_>, problems: &[FieldProblem]) -> Question {
    let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    match asking.after([]) {
        Asked::Question(question) => {
            Question { text: format!("That does not fit together: {}\n{}", said.join("; "), question.text), ..question }
        }
        Asked::Complete(_) => Question { text: said.join("; "), choices: Vec::new(), again: false },
    }
}

/// What was pressed.
fn choice_of(message: &MessageRow) -> Option<String> {
    let data: Value = serde_json::from_str(message.data.as_deref()?).ok()?;
    data.get("choice")?.as_str().map(str::to_owned)
}
