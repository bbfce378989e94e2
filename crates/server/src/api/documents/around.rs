//! A document held against what there is around it in its workspace.

use super::{forms::lowered, source};
use crate::{app::App, http::problem::ApiResult};
use countersign_api::Diagnostic;
use countersign_core::{check::Among, document::Channel};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the checks say of a document among the people, accounts and channels of a workspace.
pub(crate) async fn check_in(app: &App, workspace: &str, document: &Value) -> ApiResult<Vec<Diagnostic>> {
    let engine = &app.engine;
    let (catalogue, people) = (engine.catalogue_of(workspace).await?, engine.roster(workspace).await?);
    let accounts = engine.account_names(workspace).await?;
    let channels = channels(app, workspace).await?;
    let among = Among { people: Some(&people), accounts: Some(&accounts), channels: Some(&channels) };
    let (workflow, mut diagnostics) = source::check_among(document, &catalogue, among);
    if let Some(workflow) = workflow {
        diagnostics.extend(lowered(&workflow, &channels));
    }
    Ok(diagnostics)
}

/// The channels the workspace has an account on.
async fn channels(app: &App, workspace: &str) -> ApiResult<BTreeSet<Channel>> {
    let accounts = app.store.list_channel_accounts(workspace).await?;
    let used: BTreeSet<&str> = accounts.iter().map(|account| account.channel.as_str()).collect();
    let all = [Channel::Whatsapp, Channel::Telegram, Channel::Sms, Channel::Email];
    Ok(all.into_iter().filter(|channel| used.contains(channel.tag())).collect())
}
