//! `/f/{token}`: a form on a page of its own, for customers whose channel has no forms. It works on any telephone, without
//! script and without signing in. Reading it changes nothing; what is sent goes the way of every other form.

use super::{
    conditions, form_pages,
    html::{escaped, page},
};
use crate::{
    app::App,
    auth::Address,
    http::{
        extract::{Path, Raw},
        problem::{ApiError, ApiResult},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use countersign_api::Problem;
use countersign_channels::page::{Control, Entry, entries, sent, values};
use countersign_core::run::{FieldProblem, Refusal};
use countersign_engine::{EngineError, FollowedForm, FormOver};
use serde_json::Value;
use std::{fmt::Write, net::IpAddr};

/// More choices than these fold into one control.
const RADIOS_MAX: usize = 7;

/// The name of the button that keeps what is filled in. No value has it: those begin with a slash.
const LATER: &str = "later";

/// Shows the form.
pub(crate) async fn show(State(app): State<App>, Address(address): Address, Path(token): Path<String>) -> Response {
    match follow(&app, &token, address).await {
        Ok(followed) if followed.over.is_some() => over(&followed),
        Ok(followed) if !form_pages::of(&followed.form.schema).is_empty() => form_pages::resumed(&followed, &token),
        Ok(followed) => whole(StatusCode::OK, (&followed, &token), (&followed.begins_with(), &[])),
        Err(error) => refused(error),
    }
}

/// Takes it.
pub(crate) async fn answer(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Response {
    let followed = match follow(&app, &token, address).await {
        Ok(followed) if followed.over.is_some() => return over(&followed),
        Ok(followed) => followed,
        Err(error) => return refused(error),
    };
    if let Err(error) = app.guesses.message(&followed.link.checkpoint) {
        return refused(error);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = sent(content_type, &body);
    let keeping = sent.iter().any(|(name, _)| name == LATER);
    if !form_pages::of(&followed.form.schema).is_empty() {
        return form_pages::answer(&app, &followed, &token, &sent, keeping).await;
    }
    let (values, problems) = values(&followed.form.schema, &sent);
    if keeping {
        return later(&app, &followed, &values).await;
    }
    if !problems.is_empty() {
        return whole(StatusCode::UNPROCESSABLE_ENTITY, (&followed, &token), (&values, &problems));
    }
    match app.engine.submit_followed(&followed, values.clone()).await {
        Ok(()) => thanks(),
        Err(EngineError::Refused(Refusal::InvalidForm { problems })) => {
            whole(StatusCode::UNPROCESSABLE_ENTITY, (&followed, &token), (&values, &problems))
        }
        Err(EngineError::AlreadyDecided(_)) => over(&followed),
        Err(error) => refused(error.into()),
    }
}

/// What was filled in is kept, and offered wherever the form is shown.
pub(super) async fn later(app: &App, followed: &FollowedForm, values: &Value) -> Response {
    match app.engine.keep_draft(&followed.checkpoint.row, values).await {
        Ok(_) => page(
            StatusCode::OK,
            "Kept for later",
            "<h1>Kept for later</h1><p>Nothing was sent yet. Come back by the same link: what you filled in is there. \
             Files and secrets are not kept.</p>",
        ),
        Err(EngineError::AlreadyDecided(_)) => over(followed),
        Err(error) => refused(error.into()),
    }
}

/// Where a token leads. Guesses from one address are few.
async fn follow(app: &App, token: &str, address: Option<IpAddr>) -> ApiResult<FollowedForm> {
    app.guesses.link_allowed(address)?;
    if let Some(found) = app.engine.follow_form(token).await? {
        return Ok(found);
    }
    app.guesses.link_missed(address)?;
    Err(ApiError::not_found("form"))
}

pub(super) fn over(followed: &FollowedForm) -> Response {
    let words = match followed.over {
        Some(FormOver::Expired) => "This link is too old. Write to us, and you get a new one.",
        Some(FormOver::Closed) | None => "This form is closed: it was answered already, or its time ran out.",
    };
    page(StatusCode::GONE, "This form is closed", &format!("<h1>This form is closed</h1><p>{words}</p>"))
}

pub(super) fn refused(error: ApiError) -> Response {
    let status = error.status();
    let Problem { title, detail, .. } = error.into_problem();
    let words = detail.map_or_else(|| title.clone(), |detail| format!("{title}: {detail}"));
    page(status, &title, &format!("<h1>{}</h1><p class=\"problem\">{}</p>", escaped(&title), escaped(&words)))
}

pub(super) fn thanks() -> Response {
    page(StatusCode::OK, "Thank you", "<h1>Thank you</h1><p>Your answers have arrived.</p>")
}

/// What of a form is asked for.
pub(super) struct Part<'a> {
    /// All of it, or the form of a page.
    pub(super) form: &'a Value,
    /// Which page of how many.
    pub(super) at: Option<(usize, usize)>,
}

/// All of the form on one page.
fn whole(status: StatusCode, from: (&FollowedForm, &str), filled: (&Value, &[FieldProblem])) -> Response {
    asking(status, from, &Part { form: &from.0.form.schema, at: None }, filled)
}

/// The form with these values, and what is wrong with them.
pub(super) fn asking(
    status: StatusCode,
    (followed, token): (&FollowedForm, &str),
    part: &Part<'_>,
    (values, problems): (&Value, &[FieldProblem]),
) -> Response {
    let title = followed.checkpoint.run.version.title(&followed.checkpoint.row.step).to_owned();
    let Some(all) = entries(part.form, values) else {
        return refused(ApiError::not_found("form"));
    };
    let mut html = format!("<h1>{}</h1><p class=\"words\">{}</p>", escaped(&title), escaped(&followed.prompt));
    html.push_str(&conditions::style(&all));
    if let Some((at, count)) = part.at {
        let _ = write!(html, "<p class=\"note\">Page {} of {count}</p>", at + 1);
    }
    let shown = pointers(&all);
    for problem in problems.iter().filter(|problem| !shown.contains(&problem.pointer.as_str())) {
        let _ = write!(html, "<p class=\"problem\" role=\"alert\">{}</p>", escaped(&problem.message));
    }
    // A browser holds hidden fields against whoever sends, and shows them nothing; the server looks at what is asked for.
    let conditional = all.iter().any(|entry| !entry.only_when.is_empty());
    let checks = if conditional { " novalidate" } else { "" };
    let _ =
        write!(html, "<form method=\"post\" action=\"/f/{}\" enctype=\"multipart/form-data\"{checks}>", escaped(token));
    all.iter().for_each(|entry| under(&mut html, entry, problems));
    if all.is_empty() {
        html.push_str("<p>Nothing more is asked.</p>");
    }
    let submit = Some(followed.form.submit.as_str()).filter(|submit| !submit.is_empty()).unwrap_or("Send");
    let next = part.at.is_some_and(|(at, count)| at + 1 < count);
    let _ = write!(html, "<button class=\"sure\">{}</button>", if next { "Next".to_owned() } else { escaped(submit) });
    if let Some((at, _)) = part.at {
        let _ = write!(html, "<input type=\"hidden\" name=\"page\" value=\"{at}\">");
    }
    if part.at.is_some_and(|(at, _)| at > 0) {
        html.push_str("<button name=\"back\" value=\"yes\" formnovalidate>Back</button>");
    }
    let _ = write!(html, "<button name=\"{LATER}\" value=\"yes\" formnovalidate>Keep for later</button></form>");
    page(status, &title, &html)
}

fn pointers(all: &[Entry]) -> Vec<&str> {
    let mut found = Vec::new();
    for entry in all {
        if let Control::Group(inside) = &entry.control {
            found.extend(pointers(inside));
        } else {
            found.push(entry.pointer.as_str());
        }
    }
    found
}

/// One value, under its conditions.
fn under(html: &mut String, entry: &Entry, problems: &[FieldProblem]) {
    if entry.only_when.is_empty() {
        return field(html, entry, problems);
    }
    let _ = write!(html, "<div data-only=\"{}\">{}", escaped(&entry.pointer), conditions::told(entry));
    field(html, entry, problems);
    html.push_str("</div>");
}

/// One value: its words, its control, what is wrong with it.
fn field(html: &mut String, entry: &Entry, problems: &[FieldProblem]) {
    let id = escaped(&entry.pointer);
    let optional =
        if entry.required || !entry.only_when.is_empty() { "" } else { " <span class=\"note\">(optional)</span>" };
    let title = format!("{}{optional}", escaped(&entry.title));
    let more = if entry.control == Control::Lines { " One in a line." } else { "" };
    let description = format!("{}{more}", entry.description);
    let problem = problems.iter().find(|problem| problem.pointer == entry.pointer);
    let mut notes = String::new();
    if !description.trim().is_empty() {
        let _ = write!(notes, "<span class=\"note\">{}</span>", escaped(description.trim()));
    }
    if let Some(problem) = problem {
        let _ = write!(notes, "<p class=\"problem\" role=\"alert\">{}</p>", escaped(&problem.message));
    }
    match &entry.control {
        Control::Group(inside) => {
            let _ = write!(html, "<fieldset><legend>{title}</legend>{notes}");
            inside.iter().for_each(|entry| field(html, entry, problems));
            html.push_str("</fieldset>");
        }
        Control::Words => {
            let title = Some(&entry.title).filter(|title| !title.is_empty());
            let title = title.map(|title| format!("<strong>{}</strong>", escaped(title))).unwrap_or_default();
            let _ = write!(html, "<section>{title}<p class=\"words\">{}</p></section>", escaped(&entry.description));
        }
        Control::Tick => {
            let required = if must(entry) { " required" } else { "" };
            let ticked = if entry.given.is_empty() { "" } else { " checked" };
            let tick = format!("<input type=\"checkbox\" name=\"{id}\" value=\"0\"{required}{ticked}>");
            let _ = write!(html, "<label>{tick}{title}</label>{notes}");
        }
        Control::Money(currency) => {
            let _ = write!(html, "<label for=\"{id}\">{title} ({})</label>{notes}", escaped(currency));
            control(html, &Control::Line("text"), entry, problem.is_some());
        }
        Control::One(labels) if labels.len() <= RADIOS_MAX => choices(html, entry, labels, ("radio", &title, &notes)),
        Control::Several(labels) => choices(html, entry, labels, ("checkbox", &title, &notes)),
        single @ (Control::One(_) | Control::Line(_) | Control::Text | Control::Lines | Control::File(_)) => {
            let _ = write!(html, "<label for=\"{id}\">{title}</label>{notes}");
            control(html, single, entry, problem.is_some());
        }
    }
}

/// Whether a browser lets nobody leave it out; one that may not be asked for is held against the form when it is sent.
fn must(entry: &Entry) -> bool {
    entry.required && entry.only_when.is_empty()
}

/// A control of its own.
fn control(html: &mut String, control: &Control, entry: &Entry, wrong: bool) {
    let id = escaped(&entry.pointer);
    let required = if must(entry) { " required" } else { "" };
    let invalid = if wrong { " aria-invalid=\"true\"" } else { "" };
    let named = format!("id=\"{id}\" name=\"{id}\"{required}{invalid}");
    let given = escaped(&entry.given.join("\n"));
    let _ = match control {
        Control::Line(kind) => write!(html, "<input type=\"{kind}\" {named} value=\"{given}\">"),
        Control::Text | Control::Lines => write!(html, "<textarea {named}>{given}</textarea>"),
        Control::File(accepted) => {
            let note = if wrong { "<p class=\"note\">Choose the file again.</p>" } else { "" };
            write!(html, "<input type=\"file\" {named} accept=\"{}\">{note}", escaped(accepted))
        }
        Control::One(labels) => {
            let _ = write!(html, "<select {named}><option value=\"\"></option>");
            for (index, label) in labels.iter().enumerate() {
                let chosen = if entry.given.contains(label) { " selected" } else { "" };
                let _ = write!(html, "<option value=\"{index}\"{chosen}>{}</option>", escaped(label));
            }
            write!(html, "</select>")
        }
        Control::Several(_) | Control::Group(_) | Control::Money(_) | Control::Tick | Control::Words => Ok(()),
    };
}

/// Several controls under one name.
fn choices(html: &mut String, entry: &Entry, labels: &[String], (kind, title, notes): (&str, &str, &str)) {
    let required = if must(entry) && kind == "radio" { " required" } else { "" };
    let _ = write!(html, "<fieldset><legend>{title}</legend>{notes}");
    for (index, label) in labels.iter().enumerate() {
        let chosen = if entry.given.contains(label) { " checked" } else { "" };
        let _ = write!(
            html,
            "<label><input type=\"{kind}\" name=\"{}\" value=\"{index}\"{required}{chosen}>{}</label>",
            escaped(&entry.pointer),
            escaped(label)
        );
    }
    html.push_str("</fieldset>");
}
