//! A long form of `/f/{token}`, page by page. What earlier pages gave is the form's draft, so it survives a reload and is
//! there on other channels; a form whose earlier pages ask for what is not kept stands on one page.

use super::form::{Part, asking, later, over, refused, thanks};
use crate::app::App;
use axum::{http::StatusCode, response::Response};
use countersign_channels::page::{Sent, values};
use countersign_core::run::{
    DRAFT_BYTES_MAX, FieldProblem, Refusal, form_page, form_pages, keeps_all, page_to_ask, value_problems,
};
use countersign_engine::{EngineError, FollowedForm};
use serde_json::{Map, Value};

/// The page that was sent.
const PAGE: &str = "page";
/// The button that leads back.
const BACK: &str = "back";

/// The fields of each page; none where it stands on one.
pub(super) fn of(form: &Value) -> Vec<Vec<String>> {
    let pages = form_pages(form);
    let earlier = pages.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
    if earlier.iter().all(|page| keeps_all(&form_page(form, page))) { pages } else { Vec::new() }
}

/// One page with what is filled in of it.
fn shown(
    status: StatusCode,
    (followed, token): (&FollowedForm, &str),
    (at, all): (usize, &Value),
    problems: &[FieldProblem],
) -> Response {
    let pages = of(&followed.form.schema);
    let at = at.min(pages.len().saturating_sub(1));
    let form = page_to_ask(&followed.form.schema, pages.get(at).map(Vec::as_slice).unwrap_or_default(), all);
    asking(status, (followed, token), &Part { form: &form, at: Some((at, pages.len())) }, (all, problems))
}

/// The page where somebody who comes back goes on: the first that is not whole or of which nothing is filled in, or the last.
pub(super) fn resumed(followed: &FollowedForm, token: &str) -> Response {
    let (form, all) = (&followed.form.schema, followed.begins_with());
    let begun = followed.checkpoint.row.draft.is_some();
    let untouched = |page: &Vec<String>| asks(form, page, &all) && page.iter().all(|name| all.get(name).is_none());
    let untouched = of(form).iter().position(untouched);
    let at = if begun { first_wrong(form, &all).min(untouched.unwrap_or(usize::MAX)) } else { 0 };
    shown(StatusCode::OK, (followed, token), (at, &all), &[])
}

/// Whether anything is asked for on a page by the answers so far.
fn asks(form: &Value, page: &[String], all: &Value) -> bool {
    page_to_ask(form, page, all)["properties"].as_object().is_some_and(|fields| !fields.is_empty())
}

/// The page after this one: the next that asks for anything, or the last, where all is sent.
fn after(form: &Value, pages: &[Vec<String>], at: usize, all: &Value) -> usize {
    let last = pages.len().saturating_sub(1);
    let asking = |index: &usize| pages.get(*index).is_some_and(|page| asks(form, page, all));
    (at + 1..last).find(asking).unwrap_or(last)
}

/// The page before this one that asks for anything.
fn before(form: &Value, pages: &[Vec<String>], at: usize, all: &Value) -> usize {
    let asking = |index: &usize| pages.get(*index).is_some_and(|page| asks(form, page, all));
    (0..at).rev().find(asking).unwrap_or_default()
}

fn first_wrong(form: &Value, all: &Value) -> usize {
    let pages = of(form);
    let wrong = |page: &Vec<String>| !value_problems(&page_to_ask(form, page, all), &only(all, page)).is_empty();
    pages.iter().position(wrong).unwrap_or(pages.len().saturating_sub(1))
}

fn only(all: &Value, page: &[String]) -> Value {
    page.iter().filter_map(|name| Some((name.clone(), all.get(name)?.clone()))).collect::<Map<_, _>>().into()
}

/// Keeps what is filled in so far; the answer where it cannot: the page as it was sent, where it is too much.
async fn not_kept(app: &App, (followed, token): (&FollowedForm, &str), (at, all): (usize, &Value)) -> Option<Response> {
    match app.engine.keep_draft(&followed.checkpoint.row, all).await {
        Ok(_) => None,
        Err(EngineError::AlreadyDecided(_)) => Some(over(followed)),
        Err(EngineError::Invalid(_)) => {
            let message = format!(
                "This is more than can be kept from page to page ({} KiB): write less.",
                DRAFT_BYTES_MAX / 1024
            );
            let problem = FieldProblem { pointer: String::new(), message };
            Some(shown(StatusCode::UNPROCESSABLE_ENTITY, (followed, token), (at, all), &[problem]))
        }
        Err(error) => Some(refused(error.into())),
    }
}

/// Takes a page: back, on, or all of it.
pub(super) async fn answer(
    app: &App,
    followed: &FollowedForm,
    token: &str,
    sent: &[(String, Sent)],
    keeping: bool,
) -> Response {
    let form = &followed.form.schema;
    let pages = of(form);
    let said = |wanted: &str| sent.iter().find(|(name, _)| name == wanted).map(|(_, sent)| sent);
    let at = match said(PAGE) {
        Some(Sent::Words(words)) => words.trim().parse::<usize>().unwrap_or(0).min(pages.len().saturating_sub(1)),
        Some(Sent::File(..)) | None => 0,
    };
    let Some(page) = pages.get(at) else { return resumed(followed, token) };
    let asked = page_to_ask(form, page, &followed.begins_with());
    let (given, mut problems) = values(&asked, sent);
    let mut all = followed.begins_with().as_object().cloned().unwrap_or_default();
    all.retain(|name, _| !page.contains(name));
    all.extend(given.as_object().cloned().unwrap_or_default());
    let all = Value::Object(all);
    if keeping {
        return later(app, followed, &all).await;
    }
    if problems.is_empty() && said(BACK).is_none() {
        problems = value_problems(&asked, &given);
    }
    let last = at + 1 == pages.len();
    // The last page goes with all of it; what it asks for may be what is never kept.
    if (!last || said(BACK).is_some() || !problems.is_empty())
        && let Some(refused) = not_kept(app, (followed, token), (at, &all)).await
    {
        return refused;
    }
    if said(BACK).is_some() {
        return shown(StatusCode::OK, (followed, token), (before(form, &pages, at, &all), &all), &[]);
    }
    if !problems.is_empty() {
        return shown(StatusCode::UNPROCESSABLE_ENTITY, (followed, token), (at, &all), &problems);
    }
    if !last {
        return shown(StatusCode::OK, (followed, token), (after(form, &pages, at, &all), &all), &[]);
    }
    match app.engine.submit_followed(followed, all.clone()).await {
        Ok(()) => thanks(),
        Err(EngineError::Refused(Refusal::InvalidForm { problems })) => {
            if let Some(refused) = not_kept(app, (followed, token), (at, &all)).await {
                return refused;
            }
            let at = first_wrong(form, &all);
            shown(StatusCode::UNPROCESSABLE_ENTITY, (followed, token), (at, &all), &problems)
        }
        Err(EngineError::AlreadyDecided(_)) => over(followed),
        Err(error) => refused(error.into()),
    }
}
