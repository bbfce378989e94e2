//! Signed-in browsers: a random secret in a cookie, its hash in the database.

use crate::{
    app::App,
    auth::secret::{random_secret, sha256_hex},
    http::problem::ApiResult,
};
use axum::http::{HeaderMap, HeaderValue, header};
use countersign_store::SessionRow;

/// Name of the cookie.
const COOKIE: &str = "countersign_session";
/// A session ends after this long without use.
const IDLE_MS: i64 = 12 * 3_600_000;
/// A session ends after this long in any case.
const AGE_MAX_MS: i64 = 7 * 86_400_000;
/// How much of the idle time must be gone before the end is moved: spares a write per request.
const SLIDE_GRAIN_MS: i64 = 10 * 60_000;

/// Opens a session; answers its secret and the cookie to set.
pub(crate) async fn open(app: &App, user: &str, workspace: &str) -> ApiResult<(String, HeaderValue)> {
    let secret = random_secret()?;
    let now = app.now();
    let row = SessionRow {
        token_hash: sha256_hex(secret.as_bytes()),
        user_id: user.to_owned(),
        workspace: workspace.to_owned(),
        created_at: now,
        expires_at: now + IDLE_MS,
    };
    app.store.create_session(&row).await?;
    let cookie = cookie(app, &secret, AGE_MAX_MS / 1000);
    Ok((secret, cookie))
}

/// Ends a session of a user.
pub(crate) async fn end(app: &App, (workspace, user): (&str, &str), hash: &str) -> ApiResult<()> {
    app.store.delete_session(workspace, user, hash).await?;
    app.identities.clear();
    Ok(())
}

/// Moves the end of a session that is in use; answers when it ends.
pub(super) async fn slide(app: &App, session: &SessionRow, now: i64) -> ApiResult<i64> {
    let end = (now + IDLE_MS).min(session.created_at + AGE_MAX_MS);
    if end - session.expires_at < SLIDE_GRAIN_MS {
        return Ok(session.expires_at);
    }
    app.store.extend_session(&session.token_hash, end).await?;
    Ok(end)
}

/// The secret in the session cookie.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE && !value.is_empty()).then_some(value)
    })
}

/// The cookie that removes the session from the browser.
pub(crate) fn clear_cookie(app: &App) -> HeaderValue {
    cookie(app, "", 0)
}

fn cookie(app: &App, secret: &str, max_age_seconds: i64) -> HeaderValue {
    let secure = if app.config.secure() { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{secure}");
    // Letters, digits and punctuation of our own: always a header value.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "theme=dark; countersign_session=abc; x=1".parse().unwrap());
        assert_eq!(session_cookie(&headers), Some("abc"));
        headers.clear();
        headers.append(header::COOKIE, "countersign_session=; other=2".parse().unwrap());
        assert_eq!(session_cookie(&headers), None);
    }
}
