//! Giving money back.

use serde_json::{Value, json};

use super::{error::StripeError, integer, only, state::page, text};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const PARAMS: [&str; 6] = ["amount", "charge", "expand", "metadata", "payment_intent", "reason"];

/// `POST /v1/refunds` with `charge` or `payment_intent`; without `amount`, everything that is left.
pub(super) fn create(world: &mut World, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &PARAMS)?;
    let wanted = match (text(params, "charge"), text(params, "payment_intent")) {
        (Some(charge), None) => charge,
        (None, Some(intent)) => intent,
        (Some(_), Some(_)) | (None, None) => {
            return Err(StripeError::invalid("One of charge or payment_intent is required.").at("charge"));
        }
    };
    let asked = integer(params, "amount", "amount")?;
    if asked.is_some_and(|amount| amount < 1) {
        return Err(StripeError::invalid("Invalid positive integer").at("amount"));
    }
    let found = world.stripe.charges.values_mut().find(|charge| charge.id == wanted || charge.payment_intent == wanted);
    let charge = found.ok_or_else(|| StripeError::missing("charge", wanted))?;
    let left = charge.amount - charge.amount_refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(StripeError::conflicting("charge_already_refunded", message));
    }
    let amount = asked.unwrap_or(left);
    if amount > left {
        let message = format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({}).",
            dollars(amount),
            dollars(left)
        );
        return Err(StripeError::conflicting("amount_too_large", message).at("amount"));
    }
    charge.amount_refunded += amount;
    let refund = json!({
        "id": world.ids.next("re_"), "object": "refund", "amount": amount, "charge": charge.id,
        "payment_intent": charge.payment_intent, "created": at.seconds(), "currency": "usd",
        "metadata": params.get("metadata").cloned().unwrap_or_else(|| json!({})), "reason": text(params, "reason"),
        "status": "succeeded",
    });
    world.stripe.refunds.push(refund.clone());
    Ok(Reply::changed(&refund))
}

pub(super) fn get(world: &World, id: &str) -> Result<Value, StripeError> {
    let found = world.stripe.refunds.iter().rev().find(|refund| refund["id"] == id);
    found.cloned().ok_or_else(|| StripeError::missing("refund", id))
}

/// Newest first, optionally of one `charge` or `payment_intent`.
pub(super) fn list(world: &World, query: &Value) -> Value {
    let fits = |refund: &&Value| {
        ["charge", "payment_intent"].iter().all(|name| text(query, name).is_none_or(|wanted| refund[*name] == wanted))
    };
    page("refunds", query, world.stripe.refunds.iter().rev().filter(fits).cloned())
}

fn dollars(cents: i64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}
