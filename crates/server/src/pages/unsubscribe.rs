//! `/u/{token}`: where the reader of a mail says that they want no more (RFC 8058). Reading it changes nothing, because mail
//! scanners follow links; what a mail program posts by itself, and the button of the page, end the messages.

use super::html::{escaped, page};
use crate::{
    app::App,
    auth::Address,
    http::{
        extract::{Path, Raw},
        problem::{ApiError, ApiResult},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use countersign_api::Problem;
use countersign_engine::Unsubscribing;
use std::net::IpAddr;

/// Shows what is wanted now.
pub(crate) async fn show(State(app): State<App>, Address(address): Address, Path(token): Path<String>) -> Response {
    match follow(&app, &token, address).await {
        Ok(followed) => asking(&followed, &token),
        Err(error) => refused(error),
    }
}

/// Ends the messages, or lets them come again when the page's other button says so.
pub(crate) async fn answer(
    State(app): State<App>,
    Address(address): Address,
    Path(token): Path<String>,
    Raw(body): Raw,
) -> Response {
    let mut followed = match follow(&app, &token, address).await {
        Ok(followed) => followed,
        Err(error) => return refused(error),
    };
    let again = form_urlencoded::parse(&body).any(|(name, value)| name == "again" && value == "yes");
    match app.engine.unsubscribe(&followed, !again).await {
        Ok(()) => {
            followed.opted_out = !again;
            asking(&followed, &token)
        }
        Err(error) => refused(error.into()),
    }
}

/// Where a token leads. Guesses from one address are few.
async fn follow(app: &App, token: &str, address: Option<IpAddr>) -> ApiResult<Unsubscribing> {
    app.guesses.link_allowed(address)?;
    if let Some(found) = app.engine.follow_unsubscribe(token).await? {
        return Ok(found);
    }
    app.guesses.link_missed(address)?;
    Err(ApiError::not_found("page"))
}

fn asking(followed: &Unsubscribing, token: &str) -> Response {
    let Unsubscribing { link, opted_out, from } = followed;
    let (from, address, token) = (escaped(from), escaped(&link.address), escaped(token));
    let (title, words, button) = match opted_out {
        true => (
            "You get no more e-mails",
            format!("{from} sends no more e-mails to {address}."),
            "<button name=\"again\" value=\"yes\">Get them again</button>",
        ),
        false => (
            "E-mails to you",
            format!("{from} sends e-mails to {address}."),
            "<button class=\"sure\">Send me no more</button>",
        ),
    };
    let html = format!("<h1>{title}</h1><p>{words}</p><form method=\"post\" action=\"/u/{token}\">{button}</form>");
    page(StatusCode::OK, title, &html)
}

fn refused(error: ApiError) -> Response {
    let status = error.status();
    let Problem { title, detail, .. } = error.into_problem();
    let words = detail.map_or_else(|| title.clone(), |detail| format!("{title}: {detail}"));
    page(status, &title, &format!("<h1>{}</h1><p class=\"problem\">{}</p>", escaped(&title), escaped(&words)))
}
