//! Pages that are made here, so that they work on any telephone, without script and without signing in. Their addresses are
//! secrets.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:34rem;padding:1rem;\
    color:#1c1c1e;background:#fff}h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}\
    dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dt{color:#6b6b70}dd{margin:0;overflow-wrap:anywhere}\
    button,a.button{display:block;box-sizing:border-box;width:100%;min-height:44px;margin:.5rem 0;padding:.6rem;\
    font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid #8e8e93;border-radius:8px;\
    color:inherit;background:transparent}button.sure{background:#1f5fd0;border-color:#1f5fd0;color:#fff}\
    textarea{box-sizing:border-box;width:100%;font:inherit;min-height:4rem}label{display:block;margin:.75rem 0}\
    input[type=checkbox]{width:24px;height:24px;vertical-align:middle;margin-right:.5rem}\
    input:not([type=checkbox]):not([type=radio]),select{display:block;box-sizing:border-box;width:100%;min-height:44px;\
    font:inherit;padding:.4rem}input[type=radio]{width:24px;height:24px;vertical-align:middle;margin-right:.5rem}\
    fieldset{border:1px solid #8e8e93;border-radius:8px;margin:.75rem 0}legend{padding:0 .25rem}\
    .note{color:#6b6b70;font-size:.875rem}.problem{border-left:4px solid #c62828;padding-left:.75rem}.words{white-space:pre-wrap;overflow-wrap:anywhere}\
    @media(prefers-color-scheme:dark){body{color:#f2f2f7;background:#1c1c1e}dt,.note{color:#a1a1a8}}";

/// A whole page around a body of HTML.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex,nofollow\"><meta name=\"referrer\" content=\"no-referrer\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    (status, headers, Html(html)).into_response()
}

/// As text or between double quotes in HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
