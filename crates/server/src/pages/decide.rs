//! `/d/{token}`: the page of a personal link, made here so that it works on any telephone, without script and without signing
//! in. Reading it changes nothing. Deciding takes two deliberate steps, because mail scanners follow links and press the
//! first button: the first POST only asks, and what it asks has to be ticked.

use crate::{
    api::links::{decide, follow, target, undo},
    app::App,
    auth::Address,
    http::{
        extract::{Path, Raw},
        problem::ApiError,
    },
    pages::html::{escaped, page},
    rows::decided_by,
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use countersign_api::{DecidedBy, LinkDecisionRequest, LinkTarget, Problem};
use countersign_core::run::HeldDecision;
use countersign_engine::{FollowedLink, LinkOver};
use countersign_store::{CheckpointRow, CheckpointStatus, Outcome};
use std::fmt::Write;

/// Where the policy wants to be sure who it is.
const PASSWORD: &str = "<label>Your password<input type=\"password\" name=\"password\" \
    autocomplete=\"current-password\" required></label>";

/// What the two steps send.
#[derive(Debug, Default)]
struct Answer {
    outcome: String,
    comment: String,
    confirmation: String,
    sure: bool,
    undo: bool,
    password: String,
}

impl Answer {
    /// Fields nobody asked for are left alone.
    fn read(body: &[u8]) -> Self {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "outcome" => answer.outcome = value.into_owned(),
                "comment" => answer.comment = value.into_owned(),
                "confirmation" => answer.confirmation = value.into_owned(),
                "sure" => answer.sure = value == "yes",
                "password" => answer.password = value.into_owned(),
                "undo" => answer.undo = value == "yes",
                _ => {}
            }
        }
        answer
    }
}

/// Shows what is to be decided.
pub(crate) async fn show(State(app): State<App>, Address(address): Address, Path(token): Path<String>) -> Response {
    let followed = match follow(&app, &token, address).await {
        Ok(followed) => followed,
        Err(error) => return refused(error, None),
    };
    match target(&app, &followed).await {
        Ok(target) => page(StatusCode::OK, &target.summary, &asking(&app, &target, &token)),
        Err(error) => match &followed.over {
            Some(LinkOver::Held(said)) => held(&app, &followed, said, &token),
            Some(_) | None => refused(error, Some(&followed.checkpoint.row)),
        },
    }
}

/// The first step asks whether that is meant, the second decides.
pub(crate) async fn answer(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
    Raw(body): Raw,
) -> Response {
    let answer = Answer::read(&body);
    let followed = match follow(&app, &token, address).await {
        Ok(followed) => followed,
        Err(error) => return refused(error, None),
    };
    if answer.undo {
        return take_back(&app, &followed, &token).await;
    }
    let target = match target(&app, &followed).await {
        Ok(target) => target,
        Err(error) => return refused(error, Some(&followed.checkpoint.row)),
    };
    if !target.outcomes.contains(&answer.outcome) {
        return page(StatusCode::OK, &target.summary, &asking(&app, &target, &token));
    }
    let confirmed = app.engine.confirms(&followed.link, &answer.outcome, &answer.confirmation);
    if !(confirmed && answer.sure) {
        let missed = confirmed.then_some("Tick the box to confirm.");
        let confirmation = app.engine.confirmation(&followed.link, &answer.outcome);
        let asks = confirming(&target, &answer, (&token, &confirmation), missed);
        return page(StatusCode::OK, &target.summary, &asks);
    }
    let row = followed.checkpoint.row.clone();
    let link = followed.link.clone();
    let Answer { outcome, comment, password, .. } = answer;
    let request =
        LinkDecisionRequest { outcome: outcome.clone(), comment: Some(comment.clone()), password: Some(password) };
    match decide(&app, followed, request, address).await {
        // Asked once more: the box and the words stay.
        Err(error) if matches!(error.code(), "invalid_credentials" | "step_up_needed") => {
            let confirmation = app.engine.confirmation(&link, &outcome);
            let again = Answer { outcome, comment, ..Answer::default() };
            let asks = confirming(
                &target,
                &again,
                (&token, &confirmation),
                Some("This takes your password, and that was not it."),
            );
            page(StatusCode::UNAUTHORIZED, &target.summary, &asks)
        }
        // It is read anew: what is held says until when.
        Ok(found) if found.run.state.phase.held().is_some() => show(State(app), Address(address), Path(token)).await,
        Ok(found) => page(StatusCode::OK, &found.row.title, &thanks(&found.row)),
        Err(error) => refused(error, Some(&row)),
    }
}

/// One press is enough: it takes back what its person did seconds ago, and nothing happens by it.
async fn take_back(app: &App, followed: &FollowedLink, token: &str) -> Response {
    if let Err(error) = undo(app, followed).await {
        return refused(error, Some(&followed.checkpoint.row));
    }
    let title = &followed.checkpoint.row.title;
    let html = format!(
        "<h1>{}</h1><p>Taken back. It is open again.</p><p><a class=\"button\" href=\"/d/{}\">Decide</a></p>",
        escaped(title),
        escaped(token)
    );
    page(StatusCode::OK, title, &html)
}

/// What counts in a moment. The page asks again when it does.
fn held(app: &App, followed: &FollowedLink, said: &HeldDecision, token: &str) -> Response {
    let title = &followed.checkpoint.row.title;
    let seconds = (said.until.0 - app.now()).max(0).div_euclid(1000) + 1;
    let (what, by) = (escaped(&caption(said.verdict.word()).to_lowercase()), escaped(&said.by.name));
    let mut html = format!("<h1>{}</h1><p>Decided: {what} by {by}. ", escaped(title));
    let _ = write!(html, "It counts in {seconds} s; nothing is sent before.</p>");
    if followed.person.as_ref().is_some_and(|person| said.is_of(person)) {
        let _ = write!(
            html,
            "<form method=\"post\" action=\"/d/{}\">\
             <button name=\"undo\" value=\"yes\">Take it back</button></form>",
            escaped(token)
        );
    }
    let mut response = page(StatusCode::OK, title, &html);
    response.headers_mut().insert(header::REFRESH, HeaderValue::from(seconds + 1));
    response
}

/// The facts, then the choices.
fn asking(app: &App, target: &LinkTarget, token: &str) -> String {
    let mut html = facts(target, app.now());
    if target.outcomes.is_empty() {
        let inbox = format!("/inbox/{}", escaped(&target.checkpoint));
        let _ = write!(
            html,
            "<p>Something has to be filled in.</p><p><a class=\"button\" href=\"{inbox}\">Open it in the inbox</a></p>"
        );
        return html;
    }
    let _ = write!(html, "<form method=\"post\" action=\"/d/{}\">", escaped(token));
    for outcome in &target.outcomes {
        let (value, caption) = (escaped(outcome), escaped(&caption(outcome)));
        let _ = write!(html, "<button name=\"outcome\" value=\"{value}\">{caption} …</button>");
    }
    html.push_str("</form><p class=\"note\">You are asked once more before anything happens.</p>");
    html
}

/// The first button leads back: whoever presses it without reading decides nothing.
fn confirming(
    target: &LinkTarget,
    answer: &Answer,
    (token, confirmation): (&str, &str),
    missed: Option<&str>,
) -> String {
    let (token, outcome) = (escaped(token), escaped(&answer.outcome));
    let caption = escaped(&caption(&answer.outcome));
    let mut html = format!("<p class=\"note\">{}</p><h1>{}</h1>", escaped(&target.workflow), escaped(&target.summary));
    for effect in target.effects.iter().filter(|_| answer.outcome == "approved") {
        let _ = write!(html, "<p>{}</p>", escaped(effect));
    }
    if let Some(missed) = missed {
        let _ = write!(html, "<p class=\"problem\">{}</p>", escaped(missed));
    }
    let password = if target.password { PASSWORD } else { "" };
    let _ = write!(
        html,
        "<form method=\"get\" action=\"/d/{token}\"><button>Back</button></form>\
         <form method=\"post\" action=\"/d/{token}\">\
         <input type=\"hidden\" name=\"outcome\" value=\"{outcome}\">\
         <input type=\"hidden\" name=\"confirmation\" value=\"{}\">\
         <label>Your words, if you like<textarea name=\"comment\" maxlength=\"4000\">{}</textarea></label>\
         {password}\
         <label><input type=\"checkbox\" name=\"sure\" value=\"yes\" required>Yes, I decide: {caption}</label>\
         <button class=\"sure\">{caption}</button></form>",
        escaped(confirmation),
        escaped(&answer.comment),
    );
    html
}

fn facts(target: &LinkTarget, now: i64) -> String {
    let mut html = format!(
        "<p class=\"note\">{} · for {}</p><h1>{}</h1><dl>",
        escaped(&target.workflow),
        escaped(&target.person.name),
        escaped(&target.summary)
    );
    let mut fact = |label: &str, value: &str| {
        let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escaped(label), escaped(value));
    };
    for shown in &target.facts {
        fact(&shown.label, &shown.value);
    }
    for effect in &target.effects {
        fact("Approving does", effect);
    }
    if let Some(due_at) = target.due_at {
        let minutes = (due_at - now).max(0) / 60_000;
        fact("Time left", &format!("{} h {} min", minutes / 60, minutes % 60));
    }
    html.push_str("</dl>");
    html
}

fn thanks(row: &CheckpointRow) -> String {
    let more = match row.status {
        CheckpointStatus::Decided => {
            over(row.outcome.as_ref().map(Outcome::word), decided_by(row).as_ref(), row.decided_at)
        }
        CheckpointStatus::Open => "Your word is on the record. Others must decide too.".to_owned(),
    };
    format!("<h1>{}</h1><p>{}</p>", escaped(&row.title), escaped(&more))
}

/// `approved by Ada Example, 2026-11-28 15:00 UTC`.
fn over(outcome: Option<&str>, by: Option<&DecidedBy>, at: Option<i64>) -> String {
    let mut text = format!("Decided: {}", caption(outcome.unwrap_or("over")).to_lowercase());
    if let Some(by) = by {
        let _ = write!(text, " by {}", by.name);
    }
    if let Some(at) = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()) {
        let _ = write!(text, ", {}", at.strftime("%Y-%m-%d %H:%M UTC"));
    }
    text
}

/// An error as a page; what can be told of the checkpoint only to who has its link.
fn refused(error: ApiError, row: Option<&CheckpointRow>) -> Response {
    let (status, retry_after) = (error.status(), error.retry_after_seconds());
    let Problem { title, detail, outcome, decided_by, decided_at, .. } = error.into_problem();
    let heading = row.map_or_else(|| title.clone(), |row| row.title.clone());
    let mut html = format!("<h1>{}</h1>", escaped(&heading));
    if outcome.is_some() {
        let _ = write!(html, "<p>{}</p>", escaped(&over(outcome.as_deref(), decided_by.as_ref(), decided_at)));
    } else {
        let words = detail.map_or_else(|| title.clone(), |detail| format!("{title}: {detail}"));
        let _ = write!(html, "<p class=\"problem\">{}</p>", escaped(&words));
    }
    let mut response = page(status, &title, &html);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// `not_happened` as a button says it.
fn caption(outcome: &str) -> String {
    match outcome {
        "approved" => "Approve".to_owned(),
        "rejected" => "Reject".to_owned(),
        "changes" => "Ask for changes".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut characters = words.chars();
            characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
        }
    }
}
