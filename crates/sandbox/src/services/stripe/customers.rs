//! Making and changing customers, and what they have to their credit.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    error::StripeError,
    integer, only,
    state::{Customer, KEPT_MAX, page},
    subscriptions::merged,
    text,
};
use crate::{
    services::world::{At, World},
    wire::reply::Reply,
};

const TEXTS: [&str; 4] = ["name", "email", "phone", "description"];
const PARAMS: [&str; 6] = ["description", "email", "expand", "metadata", "name", "phone"];
const ADJUST_PARAMS: [&str; 5] = ["amount", "currency", "description", "expand", "metadata"];

/// `POST /v1/customers`: several may have one e-mail address.
pub(super) fn create(world: &mut World, params: &Value) -> Result<Reply, StripeError> {
    only(params, &PARAMS)?;
    if world.stripe.customers.len() >= KEPT_MAX {
        return Err(StripeError::invalid("The sandbox keeps no more customers."));
    }
    let id = world.ids.next("cus_");
    let mut customer =
        Customer { id: id.clone(), texts: BTreeMap::new(), metadata: Map::new(), balance: 0, card_declines: false };
    change(&mut customer, params)?;
    let reply = Reply::changed(&customer.json());
    world.stripe.customers.insert(id, customer);
    Ok(reply)
}

/// `POST /v1/customers/{id}`: what is given is changed, an empty text is taken away.
pub(super) fn update(world: &mut World, id: &str, params: &Value) -> Result<Reply, StripeError> {
    only(params, &PARAMS)?;
    let customer = world.stripe.customers.get_mut(id).ok_or_else(|| StripeError::missing("customer", id))?;
    change(customer, params)?;
    Ok(Reply::changed(&customer.json()))
}

fn change(customer: &mut Customer, params: &Value) -> Result<(), StripeError> {
    if text(params, "email").is_some_and(|email| !email.contains('@')) {
        let email = text(params, "email").unwrap_or_default();
        return Err(StripeError::invalid(format!("Invalid email address: {email}")).coded("email_invalid").at("email"));
    }
    for field in TEXTS {
        match params.get(field).and_then(Value::as_str) {
            None => {}
            Some("") => drop(customer.texts.remove(field)),
            Some(given) => drop(customer.texts.insert(field, given.to_owned())),
        }
    }
    customer.metadata = merged(&customer.metadata, params.get("metadata"));
    Ok(())
}

/// `POST /v1/customers/{id}/balance_transactions`: an amount below zero is a credit.
pub(super) fn adjust(world: &mut World, id: &str, params: &Value, at: At) -> Result<Reply, StripeError> {
    only(params, &ADJUST_PARAMS)?;
    let missing = |name: &str| StripeError::invalid(format!("Missing required param: {name}.")).at(name);
    let amount = integer(params, "amount", "amount")?.ok_or_else(|| missing("amount"))?;
    let currency = text(params, "currency").ok_or_else(|| missing("currency"))?;
    let number = world.ids.next("cbtxn_");
    let customer = world.stripe.customers.get_mut(id).ok_or_else(|| StripeError::missing("customer", id))?;
    customer.balance += amount;
    let change = json!({
        "id": number, "object": "customer_balance_transaction", "type": "adjustment", "customer": id, "amount": amount,
        "currency": currency, "ending_balance": customer.balance, "description": text(params, "description"),
        "created": at.seconds(), "metadata": params.get("metadata").cloned().unwrap_or_else(|| json!({})),
    });
    world.stripe.balance_changes.push(change.clone());
    Ok(Reply::changed(&change))
}

/// `GET /v1/customers/{id}/balance_transactions`, newest first.
pub(super) fn balance(world: &World, id: &str, query: &Value) -> Result<Value, StripeError> {
    world.stripe.customer(id)?;
    let own = world.stripe.balance_changes.iter().rev().filter(|change| change["customer"] == id);
    Ok(page("customer_balance_transactions", query, own.cloned()))
}
