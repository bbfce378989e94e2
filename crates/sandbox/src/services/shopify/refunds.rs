//! Giving money back, and what would be given back.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{
    FIRST_ORDER, amount, cents, error_body,
    graphql::{Asked, key},
    money,
    orders::Order,
};
use crate::{
    services::{
        keyed::{KeyConflict, Scope},
        world::{At, World},
    },
    wire::{
        reply::{Effect, Reply},
        request::Request,
    },
};

/// From this version on a refund without `@idempotent` is refused at run time.
const KEY_MANDATORY_FROM: &str = "2026-04";

/// The one payment that an order was paid with.
fn payment(order: &Order) -> String {
    format!("gid://shopify/OrderTransaction/{}", 2_000_000_000_000 + FIRST_ORDER + order.number)
}

/// `suggestedRefund(suggestFullRefund:, refundLineItems:)`: all that is left, or what these items cost.
pub(super) fn suggested(order: &Order, asked: &Asked) -> Value {
    let left = order.total() - order.refunded;
    let items = asked.within("suggestedRefund", "refundLineItems").and_then(|items| items.as_array().cloned());
    let of_item = |item: &Value| {
        let id = item["lineItemId"].as_str()?;
        let line = order.lines.iter().find(|line| id.ends_with(&format!("/{}", line.number)))?;
        Some(line.price * item["quantity"].as_i64().unwrap_or(1))
    };
    let full = asked.within("suggestedRefund", "suggestFullRefund") == Some(json!(true));
    let suggested = match items {
        _ if full => left,
        Some(items) => items.iter().filter_map(of_item).sum::<i64>().min(left),
        None => 0,
    };
    json!({
        "amountSet": money(suggested), "maximumRefundableSet": money(left),
        "suggestedTransactions": [{
            "gateway": "shopify_payments", "kind": "SUGGESTED_REFUND", "amountSet": money(suggested),
            "maximumRefundableSet": money(left), "parentTransaction": { "id": payment(order) },
        }],
    })
}

pub(super) fn refund(world: &mut World, asked: &Asked, request: &Request, version: &str, at: At) -> Reply {
    let Some(key) = key(request) else {
        if version >= KEY_MANDATORY_FROM {
            let message = "The @idempotent directive is required for this mutation but was not provided.";
            return Reply::refused(StatusCode::OK, &error_body("BAD_REQUEST", message));
        }
        return refund_once(world, asked, at);
    };
    let refused = |code, message| asked.refused_as("userErrors", code, message);
    let done = world.once((Scope::Shopify, &key), &request.fingerprint(), at, |world| refund_once(world, asked, at));
    match done {
        Ok(reply) => reply,
        Err(KeyConflict::OtherRequest) => refused(
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            "The same idempotency key cannot be used with different operation parameters.",
        ),
        Err(KeyConflict::InUse) => {
            refused("IDEMPOTENCY_CONCURRENT_REQUEST", "This request is currently in progress, please try again.")
        }
    }
}

/// `input: {orderId, note, transactions: [{amount, parentId}]}`; without transactions, everything that is left.
fn refund_once(world: &mut World, asked: &Asked, at: At) -> Reply {
    let refused = |message: &str| asked.refused_as("userErrors", "INVALID", message);
    let Some(input) = asked.argument("input").filter(Value::is_object) else {
        return refused("Pass `input` as a variable.");
    };
    let id = input["orderId"].as_str().unwrap_or_default().to_owned();
    let number = world.ids.number("refund");
    let Some(order) = world.shopify.orders.get_mut(&id) else {
        return refused("Order does not exist");
    };
    let transactions = input["transactions"].as_array().filter(|list| !list.is_empty());
    let strange = |transaction: &Value| transaction["parentId"].as_str().is_some_and(|parent| parent != payment(order));
    if transactions.is_some_and(|list| list.iter().any(strange)) {
        return refused("Transaction does not belong to the order");
    }
    let left = order.total() - order.refunded;
    let asked_for = match transactions {
        None => Some(left),
        Some(list) => list.iter().map(|transaction| cents(&transaction["amount"])).sum(),
    };
    let Some(amount_cents) = asked_for else {
        return refused("A transaction needs an amount such as \"12.50\"");
    };
    if amount_cents < 1 || amount_cents > left {
        return refused("Refund amount is greater than the amount available to refund");
    }
    order.refunded += amount_cents;
    let refund = json!({
        "id": format!("gid://shopify/Refund/{number}"), "note": input["note"],
        "createdAt": mail_parser::DateTime::from_timestamp(at.seconds()).to_rfc3339(),
        "totalRefundedSet": { "shopMoney": { "amount": amount(amount_cents), "currencyCode": "USD" } },
    });
    let order = json!({ "id": id, "name": order.name });
    asked.answer(&json!({ "refund": refund, "order": order, "userErrors": [] }), Effect::Changed)
}
