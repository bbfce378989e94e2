//! The shop's customers.

use serde_json::{Value, json};

use super::{State, amount, graphql::Asked};
use crate::{
    memory::directory::Person,
    services::world::World,
    wire::reply::{Effect, Reply},
};

#[derive(Debug)]
pub(super) struct Customer {
    first_name: String,
    last_name: String,
    pub(super) email: String,
    phone: String,
    note: Option<String>,
    tags: Value,
}

impl Customer {
    pub(super) fn of(person: &Person) -> Self {
        let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
        Self {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: person.email.clone(),
            phone: person.phone.clone(),
            note: None,
            tags: json!([]),
        }
    }
}

impl State {
    pub(super) fn customer_json(&self, id: &str) -> Value {
        let Some(customer) = self.customers.get(id) else { return Value::Null };
        let own = || self.orders.values().filter(|order| order.email == customer.email);
        let spent: i64 = own().map(|order| order.total() - order.refunded).sum();
        json!({
            "id": id, "displayName": format!("{} {}", customer.first_name, customer.last_name).trim(),
            "firstName": customer.first_name, "lastName": customer.last_name, "note": customer.note,
            "tags": customer.tags, "numberOfOrders": own().count().to_string(), "createdAt": "2025-11-01T09:00:00Z",
            "defaultEmailAddress": { "emailAddress": customer.email },
            "defaultPhoneNumber": { "phoneNumber": customer.phone },
            "amountSpent": { "amount": amount(spent), "currencyCode": "USD" },
        })
    }
}

/// `customerByIdentifier(identifier: {emailAddress} or {phoneNumber})`
pub(super) fn find(world: &World, asked: &Asked) -> Value {
    let identifier = asked.argument("identifier").unwrap_or_default();
    let text = |field: &str| identifier[field].as_str().unwrap_or_default().to_owned();
    let (email, phone) = (text("emailAddress"), text("phoneNumber"));
    let fits = |customer: &Customer| match email.is_empty() {
        true => customer.phone == phone,
        false => customer.email.eq_ignore_ascii_case(&email),
    };
    let found = world.shopify.customers.iter().find(|(_, customer)| fits(customer));
    found.map_or(Value::Null, |(id, _)| world.shopify.customer_json(id))
}

/// `customerUpdate(input: {id, …})`: what is given is changed.
pub(super) fn update(world: &mut World, asked: &Asked) -> Reply {
    let input = asked.argument("input").unwrap_or_default();
    let id = input["id"].as_str().unwrap_or_default().to_owned();
    let text = |field: &str| input[field].as_str().map(str::to_owned);
    let taken = |email: &String| {
        world.shopify.customers.iter().any(|(other, customer)| *other != id && customer.email == *email)
    };
    match text("email") {
        Some(email) if !email.contains('@') => return asked.refused("email", "Email is invalid"),
        Some(email) if taken(&email) => return asked.refused("email", "Email has already been taken"),
        Some(_) | None => {}
    }
    let Some(customer) = world.shopify.customers.get_mut(&id) else {
        return asked.refused("id", "Customer does not exist");
    };
    customer.first_name = text("firstName").unwrap_or(std::mem::take(&mut customer.first_name));
    customer.last_name = text("lastName").unwrap_or(std::mem::take(&mut customer.last_name));
    customer.email = text("email").unwrap_or(std::mem::take(&mut customer.email));
    customer.phone = text("phone").unwrap_or(std::mem::take(&mut customer.phone));
    customer.note = text("note").or(customer.note.take());
    if input["tags"].is_array() {
        customer.tags = input["tags"].clone();
    }
    let shown = world.shopify.customer_json(&id);
    asked.answer(&json!({ "customer": shown, "userErrors": [] }), Effect::Changed)
}
