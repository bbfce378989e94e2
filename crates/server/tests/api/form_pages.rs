//! A long form on its own page, `/f/{token}`, page by page.

use crate::channels::Town;
use serde_json::{Value, json};

fn document(form: &Value) -> Value {
    json!({
        "schema": 1, "name": "Claim", "start": "ask", "triggers": [{ "type": "message", "when": "text = 'claim'" }],
        "steps": {
            "ask": { "type": "collect_form", "title": "Your claim", "prompt": "What happened?", "next": "done", "form": form },
            "done": { "type": "end", "message": "{{ steps.ask.output.seats }} for {{ steps.ask.output.email }}" },
        },
    })
}

pub(crate) fn filled(pairs: &[(&str, &str)]) -> Option<Vec<u8>> {
    let part = |(name, value): &(&str, &str)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    Some(format!("{}--BB--\r\n", pairs.iter().map(part).collect::<String>()).into_bytes())
}

pub(crate) async fn link(town: &Town, who: (&str, &str)) -> String {
    town.act(who, json!({ "text": "claim" })).await;
    let told = town.reads(who, "fill in all of it here: ").await;
    told["text"].as_str().unwrap().split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_filled_in_page_by_page_and_goes_on_where_it_stood() {
    let town = Town::start().await;
    let form = json!({
        "type": "object", "required": ["email", "seats"], "pages": [["email", "why"], ["seats"]],
        "properties": {
            "seats": { "type": "integer", "title": "Seats" },
            "email": { "type": "string", "format": "email", "title": "E-mail" },
            "why": { "type": "string", "title": "Why" },
        },
    });
    town.test.publish(&town.admin, document(&form)).await;
    let who = ("sms", "+15555550104");
    let link = link(&town, who).await;
    let first = town.phone(who).await.pop().unwrap();
    assert!(first["text"].as_str().unwrap().contains("(1/3) E-mail"), "page by page in words too: {first}");
    let page = async |pairs: &[(&str, &str)]| town.page(&link, filled(pairs)).await;
    let on = |html: &str, title: &str| html.contains(&format!(">{title}"));

    let (status, html) = town.page(&link, None).await;
    assert!(status == 200 && html.contains("Page 1 of 2") && on(&html, "E-mail") && !on(&html, "Seats"), "{html}");
    assert!(html.contains(">Next<") && !html.contains(">Back<"), "{html}");
    let (status, html) = page(&[("/email", "nobody"), ("/why", "late"), ("page", "0")]).await;
    assert!(status == 422 && html.contains("Page 1 of 2") && html.contains("value=\"nobody\""), "{html}");
    // What does not belong to the page is not taken with it.
    let (status, html) = page(&[("/email", "ada@example.com"), ("/seats", "9"), ("page", "0")]).await;
    assert!(status == 200 && html.contains("Page 2 of 2") && on(&html, "Seats") && !on(&html, "E-mail"), "{html}");
    assert!(!html.contains("value=\"9\"") && html.contains(">Back<"), "{html}");
    let (status, html) = town.page(&link, None).await;
    assert!(status == 200 && html.contains("Page 2 of 2"), "a reload goes on where it stood: {html}");
    let (_, html) = page(&[("/seats", "two"), ("page", "1"), ("back", "yes")]).await;
    assert!(html.contains("Page 1 of 2") && html.contains("value=\"ada@example.com\""), "{html}");
    let (_, html) = page(&[("/email", "ada@example.com"), ("page", "0")]).await;
    assert!(html.contains("value=\"two\""), "what did not fit yet is still there: {html}");
    let (status, html) = page(&[("/seats", "two"), ("page", "1")]).await;
    assert!(status == 422 && html.contains("role=\"alert\""), "{html}");
    // A page that is skipped is asked for before anything is sent; one that is none is the last.
    let (_, html) = page(&[("/email", ""), ("page", "0"), ("later", "yes")]).await;
    assert!(html.contains("Kept for later"), "{html}");
    let (status, html) = page(&[("/seats", "2"), ("page", "77")]).await;
    assert!(status == 422 && html.contains("Page 1 of 2"), "{html}");
    page(&[("/email", "ada@example.com"), ("page", "0")]).await;
    let sent = filled(&[("/seats", "2"), ("page", "1")]);
    let both = tokio::join!(town.page(&link, sent.clone()), town.page(&link, sent));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410], "sent once: {both:?}");
    town.reads(who, "2 for ada@example.com").await;
    let (status, _) = page(&[("/email", "eve@example.com"), ("page", "0")]).await;
    assert_eq!(status, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_whose_earlier_pages_ask_for_secrets_stands_on_one_page() {
    let town = Town::start().await;
    let form = json!({
        "type": "object", "required": ["email", "seats"], "pages": [["email", "pin"], ["seats"]],
        "properties": {
            "email": { "type": "string", "format": "email", "title": "E-mail" },
            "pin": { "type": "string", "title": "Pin", "secret": true },
            "seats": { "type": "integer", "title": "Seats" },
        },
    });
    town.test.publish(&town.admin, document(&form)).await;
    let link = link(&town, ("sms", "+15555550105")).await;
    let (status, html) = town.page(&link, None).await;
    assert!(status == 200 && !html.contains("Page 1") && html.contains(">Seats") && html.contains(">Pin"), "{html}");
    let later = filled(&[("/email", "ada@example.com"), ("/pin", "planted-1234"), ("later", "yes")]);
    assert_eq!(town.page(&link, later).await.0, 200);
    let (_, html) = town.page(&link, None).await;
    assert!(html.contains("value=\"ada@example.com\"") && !html.contains("planted"), "{html}");
    let sent = filled(&[("/email", "ada@example.com"), ("/pin", "1"), ("/seats", "2")]);
    assert_eq!(town.page(&link, sent).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_nobody_has_to_fill_in_is_shown_and_too_much_is_given_back() {
    let town = Town::start().await;
    let form = json!({
        "type": "object", "required": ["email", "seats"], "pages": [["email"], ["why"], ["seats"]],
        "properties": {
            "email": { "type": "string", "format": "email", "title": "E-mail" },
            "why": { "type": "string", "title": "Why" },
            "seats": { "type": "integer", "title": "Seats" },
        },
    });
    town.test.publish(&town.admin, document(&form)).await;
    let link = link(&town, ("sms", "+15555550106")).await;
    town.page(&link, filled(&[("/email", "ada@example.com"), ("page", "0")])).await;
    let (_, html) = town.page(&link, None).await;
    assert!(html.contains("Page 2 of 3"), "nobody has seen it yet: {html}");
    let long = "x".repeat(40_000);
    let (status, html) = town.page(&link, filled(&[("/why", &long), ("page", "1")])).await;
    assert!(status == 422 && html.contains("write less") && html.contains(&long), "{status}");
    let (status, html) = town.page(&link, filled(&[("/why", "late"), ("page", "1")])).await;
    assert!(status == 200 && html.contains("Page 3 of 3"), "{html}");
}
