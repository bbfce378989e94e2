//! A home-made identity service: who is behind an e-mail address, and what they have subscribed to right now.

use hyper::StatusCode;
use serde_json::json;

use super::plain_error;
use crate::{
    services::world::World,
    wire::{reply::Reply, request::Request},
};

const TOKEN: &str = "identity_test";

/// `POST /identity/verify {email}`.
pub(crate) fn verify(world: &World, request: &Request) -> Reply {
    if request.bearer() != Some(TOKEN) {
        let body = plain_error("unauthorized", "Send `Authorization: Bearer identity_test`.");
        return Reply::refused(StatusCode::UNAUTHORIZED, &body);
    }
    let body = request.json().unwrap_or_default();
    let Some(email) = body["email"].as_str() else {
        let body = plain_error("invalid", "`email` must be a string.");
        return Reply::refused(StatusCode::UNPROCESSABLE_ENTITY, &body);
    };
    let known = world.directory.find(email).filter(|_| email.contains('@'));
    let Some((person, account)) = known.and_then(|person| Some((person, world.stripe.account_of(person)?))) else {
        let body = plain_error("not_found", &format!("No customer has the e-mail address {email}."));
        return Reply::refused(StatusCode::NOT_FOUND, &body);
    };
    Reply::read(&json!({
        "verified": true, "customer_id": account.customer_id, "name": person.name, "email": person.email,
        "plan": account.plan, "subscription_id": account.subscription_id,
        "subscription_item_id": account.subscription_item_id, "phone": person.phone,
    }))
}
