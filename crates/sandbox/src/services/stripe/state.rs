//! What the fake Stripe remembers, and how it shows it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    error::StripeError,
    payments::Payment,
    proration::{Item, PERIOD_DAYS, Period, SEEDED_AGE_SECONDS},
    text,
};
use crate::{
    memory::{
        directory::{Directory, Person},
        ring::Ring,
    },
    services::world::At,
};

pub(super) const KEPT_MAX: usize = 20_000;
/// Whose trial ended without a card.
const PAUSED: &str = "customer1000";
const LIST_DEFAULT: usize = 10;
const LIST_MAX: usize = 100;

/// A price, per period of 30 days, in US cents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(super) id: &'static str,
    pub(super) plan: &'static str,
    pub(super) name: &'static str,
    pub(super) unit_amount: i64,
}

static PRICES: [Price; 3] = [
    Price { id: "price_starter", plan: "starter", name: "Starter", unit_amount: 1_900 },
    Price { id: "price_pro", plan: "pro", name: "Pro", unit_amount: 4_900 },
    Price { id: "price_enterprise", plan: "enterprise", name: "Enterprise", unit_amount: 12_000 },
];

impl Price {
    pub(super) fn by_id(id: &str) -> Option<&'static Self> {
        PRICES.iter().find(|price| price.id == id)
    }

    fn by_plan(plan: &str) -> Option<&'static Self> {
        PRICES.iter().find(|price| price.plan == plan)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "price", "active": true, "currency": "usd", "unit_amount": self.unit_amount,
            "nickname": self.name, "lookup_key": self.plan, "product": format!("prod_{}", self.plan),
            "recurring": { "interval": "day", "interval_count": PERIOD_DAYS }, "type": "recurring",
        })
    }
}

#[derive(Debug)]
pub(crate) struct Customer {
    pub(super) id: String,
    /// Text by field: `name`, `email`, `phone`, `description`.
    pub(super) texts: BTreeMap<&'static str, String>,
    pub(super) metadata: Map<String, Value>,
    /// Cents; below zero it is a credit.
    pub(super) balance: i64,
    pub(super) card_declines: bool,
}

impl Customer {
    pub(super) fn json(&self) -> Value {
        let text = |field: &str| self.texts.get(field);
        json!({
            "id": self.id, "object": "customer", "name": text("name"), "email": text("email"), "phone": text("phone"),
            "description": text("description"), "balance": self.balance, "currency": "usd", "livemode": false,
            "metadata": self.metadata, "delinquent": false, "invoice_settings": { "default_payment_method": null },
        })
    }
}

/// Where a subscription is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Active,
    PastDue,
    Paused,
    Canceled,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) status: Status,
    pub(super) items: Vec<Item>,
    pub(super) metadata: Map<String, Value>,
    /// Ids of coupons.
    pub(super) discounts: Vec<String>,
    pub(super) cancel_at_period_end: bool,
    pub(super) canceled_at: Option<i64>,
    /// Seconds; the periods are counted from here.
    pub(super) anchor: i64,
    /// The whole invoice, so that an answer shows what was just charged.
    pub(super) latest_invoice: Value,
}

impl Subscription {
    pub(super) fn json(&self, at: At) -> Value {
        let period = Period::around(self.anchor, at.seconds());
        let item = |item: &Item| {
            json!({
                "id": item.id, "object": "subscription_item", "price": item.price.json(), "quantity": item.quantity,
                "subscription": self.id, "current_period_start": period.start, "current_period_end": period.end,
            })
        };
        json!({
            "id": self.id, "object": "subscription", "customer": self.customer, "status": self.status.name(),
            "currency": "usd", "collection_method": "charge_automatically", "billing_cycle_anchor": self.anchor,
            "created": self.anchor, "start_date": self.anchor, "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": self.canceled_at, "ended_at": self.canceled_at,
            "items": list("subscription_items", self.items.iter().map(item).collect(), false),
            "latest_invoice": self.latest_invoice, "livemode": false, "metadata": self.metadata,
            "discounts": self.discounts,
        })
    }

    /// The plan as a word; `none` once cancelled.
    fn plan(&self) -> &'static str {
        match self.status {
            Status::Canceled => "none",
            Status::Active | Status::PastDue | Status::Paused => {
                self.items.first().map_or("none", |item| item.price.plan)
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Charge {
    pub(super) id: String,
    pub(super) payment_intent: String,
    pub(super) customer: String,
    /// Cents.
    pub(super) amount: i64,
    pub(super) amount_refunded: i64,
    pub(super) created: i64,
}

impl Charge {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "charge", "amount": self.amount, "amount_refunded": self.amount_refunded,
            "captured": true, "created": self.created, "currency": "usd", "customer": self.customer,
            "paid": true, "payment_intent": self.payment_intent, "refunded": self.amount_refunded >= self.amount,
            "status": "succeeded", "livemode": false, "metadata": {},
        })
    }
}

/// What the identity service tells about a customer.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) customer_id: String,
    pub(crate) plan: &'static str,
    pub(crate) subscription_id: String,
    pub(crate) subscription_item_id: Option<String>,
}

/// Everything. What is made here: the newest 20,000 of a kind.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) customers: BTreeMap<String, Customer>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) charges: BTreeMap<String, Charge>,
    pub(super) invoices: Ring<Value>,
    pub(super) refunds: Ring<Value>,
    pub(super) balance_changes: Ring<Value>,
    pub(super) payments: Ring<Payment>,
    pub(super) coupons: Ring<Value>,
    pub(super) checkouts: Ring<Value>,
}

impl State {
    /// One customer, subscription and paid charge for everybody in the directory. `now` in seconds.
    pub(crate) fn seeded(directory: &Directory, now: i64) -> Self {
        let anchor = now - SEEDED_AGE_SECONDS;
        let mut state = Self {
            customers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            charges: BTreeMap::new(),
            invoices: Ring::new(KEPT_MAX),
            refunds: Ring::new(KEPT_MAX),
            balance_changes: Ring::new(KEPT_MAX),
            payments: Ring::new(KEPT_MAX),
            coupons: Ring::new(KEPT_MAX),
            checkouts: Ring::new(KEPT_MAX),
        };
        for person in directory.people() {
            state.seed(person, anchor);
        }
        state
    }

    fn seed(&mut self, person: &Person, anchor: i64) {
        let Some(price) = Price::by_plan(person.plan) else {
            return;
        };
        let handle = &person.handle;
        let customer = Customer {
            id: format!("cus_{handle}"),
            texts: BTreeMap::from([
                ("name", person.name.clone()),
                ("email", person.email.clone()),
                ("phone", person.phone.clone()),
            ]),
            metadata: Map::new(),
            balance: 0,
            card_declines: person.card_declines,
        };
        let charge = Charge {
            id: format!("ch_{handle}"),
            payment_intent: format!("pi_{handle}"),
            customer: customer.id.clone(),
            amount: price.unit_amount,
            amount_refunded: 0,
            created: anchor,
        };
        let subscription = Subscription {
            id: format!("sub_{handle}"),
            customer: customer.id.clone(),
            status: if handle == PAUSED { Status::Paused } else { Status::Active },
            discounts: Vec::new(),
            items: vec![Item { id: format!("si_{handle}"), price, quantity: 1 }],
            metadata: Map::new(),
            cancel_at_period_end: false,
            canceled_at: None,
            anchor,
            latest_invoice: Value::Null,
        };
        self.charges.insert(charge.id.clone(), charge);
        self.subscriptions.insert(subscription.id.clone(), subscription);
        self.customers.insert(customer.id.clone(), customer);
    }

    /// The customer's ids and their plan as it is now.
    pub(crate) fn account_of(&self, person: &Person) -> Option<Account> {
        let subscription = self.subscriptions.get(&format!("sub_{}", person.handle))?;
        Some(Account {
            customer_id: subscription.customer.clone(),
            plan: subscription.plan(),
            subscription_id: subscription.id.clone(),
            subscription_item_id: subscription.items.first().map(|item| item.id.clone()),
        })
    }

    pub(super) fn subscription(&self, id: &str) -> Result<&Subscription, StripeError> {
        self.subscriptions.get(id).ok_or_else(|| StripeError::missing("subscription", id))
    }

    pub(super) fn customer(&self, id: &str) -> Result<&Customer, StripeError> {
        self.customers.get(id).ok_or_else(|| StripeError::missing("customer", id))
    }

    pub(super) fn charge(&self, id: &str) -> Result<&Charge, StripeError> {
        self.charges.get(id).ok_or_else(|| StripeError::missing("charge", id))
    }

    pub(super) fn invoice(&self, id: &str) -> Result<Value, StripeError> {
        let found = self.invoices.iter().rev().find(|invoice| invoice["id"] == id);
        found.cloned().ok_or_else(|| StripeError::missing("invoice", id))
    }

    pub(super) fn invoices(&self, query: &Value) -> Value {
        let fits = |invoice: &&Value| {
            ["customer", "subscription", "status"].iter().all(|name| fits(query, name, &invoice[*name]))
        };
        page("invoices", query, self.invoices.iter().rev().filter(fits).cloned())
    }

    pub(super) fn subscriptions(&self, query: &Value, at: At) -> Value {
        let shown = self.subscriptions.values().map(|subscription| subscription.json(at));
        // Ended ones are shown to those who ask for them.
        let status = |json: &Value| match text(query, "status") {
            Some("all") => true,
            Some("ended") => json["status"] == "canceled",
            Some(wanted) => json["status"] == wanted,
            None => json["status"] != "canceled",
        };
        let price = |json: &Value| fits(query, "price", &json["items"]["data"][0]["price"]["id"]);
        let fits = |json: &Value| fits(query, "customer", &json["customer"]) && price(json) && status(json);
        page("subscriptions", query, shown.filter(fits))
    }

    pub(super) fn customers(&self, query: &Value) -> Value {
        let shown = self.customers.values().map(Customer::json);
        page("customers", query, shown.filter(|json| fits(query, "email", &json["email"])))
    }

    pub(super) fn charges(&self, query: &Value) -> Value {
        let shown = self.charges.values().map(Charge::json).filter(|json| {
            fits(query, "customer", &json["customer"]) && fits(query, "payment_intent", &json["payment_intent"])
        });
        page("charges", query, shown)
    }

    /// Every subscription, short, for the control API.
    pub(crate) fn overview(&self) -> Value {
        let short = |subscription: &Subscription| {
            let email = self.customers.get(&subscription.customer).and_then(|customer| customer.texts.get("email"));
            json!({
                "id": subscription.id, "customer": subscription.customer, "email": email,
                "plan": subscription.plan(), "status": subscription.status.name(), "metadata": subscription.metadata,
                "items": subscription.items.iter().map(|item| json!({
                    "id": item.id, "price": item.price.id, "quantity": item.quantity,
                })).collect::<Value>(),
                "latest_invoice": {
                    "id": subscription.latest_invoice["id"], "amount_due": subscription.latest_invoice["amount_due"],
                },
            })
        };
        self.subscriptions.values().map(short).collect()
    }
}

/// Every price there is.
pub(super) fn prices() -> Value {
    list("prices", PRICES.iter().map(Price::json).collect(), false)
}

pub(super) fn fits(query: &Value, name: &str, have: &Value) -> bool {
    text(query, name).is_none_or(|wanted| have == wanted)
}

/// One page: `limit` (1 to 100, default 10) after `starting_after`.
pub(super) fn page(kind: &str, query: &Value, found: impl Iterator<Item = Value>) -> Value {
    let limit = text(query, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(LIST_DEFAULT).clamp(1, LIST_MAX);
    let mut data: Vec<Value> = match text(query, "starting_after") {
        Some(after) => found.skip_while(|json| json["id"] != after).skip(1).take(limit + 1).collect(),
        None => found.take(limit + 1).collect(),
    };
    let has_more = data.len() > limit;
    data.truncate(limit);
    list(kind, Value::Array(data), has_more)
}

/// Stripe's list object.
pub(super) fn list(kind: &str, data: Value, has_more: bool) -> Value {
    json!({ "object": "list", "url": format!("/v1/{kind}"), "has_more": has_more, "data": data })
}
