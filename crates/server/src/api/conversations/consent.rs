//! What a customer wants on each channel, as operators see it and write it down.

use super::handlers::required;
use crate::{
    app::App,
    auth::Caller,
    http::{
        extract::{Body, Path},
        fields::bounded,
        problem::{ApiError, ApiResult},
    },
};
use axum::{Json, extract::State};
use countersign_api::{Consent, ConsentHow, ConsentRequest, Conversation};
use countersign_channels::consent::plain_address;
use countersign_engine::Platform;
use countersign_store::{self as store, ConsentRow, ConversationRow, CustomerRow, Role};
use serde_json::json;

/// Longest reason, characters.
const REASON_LENGTH_MAX: usize = 500;

/// The addresses of a conversation's customer: its own first, then those that are proven of them.
fn addresses(row: &ConversationRow, customer: Option<&CustomerRow>) -> Vec<(Platform, String)> {
    let own = row.external_id.as_deref().and_then(|address| address.split(' ').next());
    let known = |field: fn(&CustomerRow) -> Option<&String>| customer.and_then(field).map(String::as_str);
    let all = [
        (Platform::read(&row.channel), own),
        (Some(Platform::Email), known(|customer| customer.email.as_ref())),
        (Some(Platform::Whatsapp), known(|customer| customer.phone.as_ref())),
        (Some(Platform::Sms), known(|customer| customer.phone.as_ref())),
        (Some(Platform::Telegram), known(|customer| customer.telegram.as_ref())),
    ];
    let mut found: Vec<(Platform, String)> = Vec::new();
    for (platform, address) in all {
        let (Some(platform), Some(address)) = (platform, address) else { continue };
        if found.iter().all(|(one, _)| *one != platform) {
            found.push((platform, plain_address(platform, address)));
        }
    }
    found
}

/// What is known of each of these addresses.
pub(super) async fn consents(
    app: &App,
    row: &ConversationRow,
    customer: Option<&CustomerRow>,
) -> ApiResult<Vec<Consent>> {
    let mut all = Vec::new();
    for (platform, address) in addresses(row, customer) {
        let whose = row.customer.as_deref();
        let known = app.engine.consent_in_force(&row.workspace, (platform, &address), whose).await?;
        let told_to = known.as_ref().and_then(|known| known.told_to.as_deref());
        all.push(Consent {
            channel: platform.tag().to_owned(),
            address,
            opted_out: known.as_ref().is_some_and(|known| known.opted_out),
            at: known.as_ref().map(|known| known.at),
            how: known.as_ref().map(|known| how(known.how)),
            told_to: app.some_person(&row.workspace, told_to).await?,
            reason: known.as_ref().map(|known| known.reason.clone()).filter(|reason| !reason.is_empty()),
            message: known.and_then(|known| known.message),
        });
    }
    Ok(all)
}

fn how(how: store::ConsentHow) -> ConsentHow {
    match how {
        store::ConsentHow::Word => ConsentHow::Word,
        store::ConsentHow::Link => ConsentHow::Link,
        store::ConsentHow::Provider => ConsentHow::Provider,
        store::ConsentHow::Operator => ConsentHow::Operator,
    }
}

/// Writes down that the customer wants no messages on a channel, or wants them again.
#[utoipa::path(post, path = "/conversations/{id}/consent", operation_id = "setConsent", tag = "conversations",
    params(("id" = String, Path)), request_body = ConsentRequest,
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub(crate) async fn set_consent(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<ConsentRequest>,
) -> ApiResult<Json<Conversation>> {
    caller.require(Role::Operator)?;
    let row = required(&app, &caller, &id).await?;
    let ConsentRequest { channel, opted_out, reason } = body.value;
    let reason = bounded("/reason", &reason, REASON_LENGTH_MAX)?;
    let customer = match &row.customer {
        Some(id) => app.store.current_customer(caller.workspace(), id).await?,
        None => None,
    };
    let mut all = addresses(&row, customer.as_ref()).into_iter();
    let found = all.find(|(platform, _)| platform.tag() == channel);
    let (_, address) =
        found.ok_or_else(|| ApiError::invalid("/channel", "no address of the customer is known on this channel"))?;
    let known = app.store.get_consent(caller.workspace(), &channel, &address).await?;
    let was = json!({ "opted_out": known.is_some_and(|known| known.opted_out) });
    let what = ("consent.set", format!("conversation:{id}"));
    let detail = json!({ "channel": channel, "contact": address, "reason": reason });
    let entry = caller.changed(app.now(), what, (&was, &json!({ "opted_out": opted_out })), detail);
    let consent = ConsentRow {
        workspace: caller.workspace().to_owned(),
        channel,
        address,
        opted_out,
        at: app.now(),
        how: store::ConsentHow::Operator,
        message: None,
        told_to: Some(caller.id().to_owned()),
        reason,
    };
    app.store.put_consent(&consent, vec![entry]).await?;
    super::handlers::detail(&app, row, None).await
}
