//! The seeded customers.

use std::collections::HashMap;

use serde_json::{Value, json};

const GENERIC_CUSTOMERS: usize = 1_000;

/// One customer. The ids at Stripe are `cus_<handle>`, `sub_<handle>`, `si_<handle>`, `ch_<handle>`, `pi_<handle>`.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// E.164.
    pub(crate) phone: String,
    pub(crate) telegram_chat_id: i64,
    /// The plan the subscription starts on.
    pub(crate) plan: &'static str,
    /// Whether their bank refuses every further charge.
    pub(crate) card_declines: bool,
}

impl Person {
    fn new(handle: &str, name: &str, phone: String, telegram_chat_id: i64, plan: &'static str) -> Self {
        Self {
            handle: handle.to_owned(),
            name: name.to_owned(),
            email: format!("{handle}@example.com"),
            phone,
            telegram_chat_id,
            plan,
            card_declines: false,
        }
    }

    /// How the phone page names them.
    pub(crate) fn json(&self) -> Value {
        json!({
            "email": self.email, "name": self.name, "phone": self.phone, "telegram_chat_id": self.telegram_chat_id,
        })
    }
}

/// Who exists, findable by every address they have.
#[derive(Debug)]
pub(crate) struct Directory {
    people: Vec<Person>,
    by_address: HashMap<String, usize>,
}

impl Directory {
    /// Five named customers and customer1 … customer1000.
    pub(crate) fn seeded() -> Self {
        let named = [
            ("ada", "Ada Example", "pro"),
            ("grace", "Grace Example", "pro"),
            ("edsger", "Edsger Example", "enterprise"),
            ("barbara", "Barbara Example", "pro"),
            ("frances", "Frances Example", "pro"),
        ];
        let mut people = Vec::with_capacity(named.len() + GENERIC_CUSTOMERS);
        for ((handle, name, plan), number) in named.into_iter().zip(1_i64..) {
            let mut person = Person::new(handle, name, format!("+1555555010{number}"), 1_000 + number, plan);
            person.card_declines = handle == "frances";
            people.push(person);
        }
        for (number, chat) in (1..=GENERIC_CUSTOMERS).zip(2_001_i64..) {
            let phone = format!("+1555556{number:04}");
            people.push(Person::new(&format!("customer{number}"), &format!("Customer {number}"), phone, chat, "pro"));
        }
        let addresses = people.iter().enumerate().flat_map(|(place, person)| {
            let keys = [person.email.clone(), digits(&person.phone), person.telegram_chat_id.to_string()];
            keys.map(|key| (key, place))
        });
        Self { by_address: addresses.collect(), people }
    }

    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// By e-mail address, phone number in any notation, or Telegram chat id.
    pub(crate) fn find(&self, address: &str) -> Option<&Person> {
        let address = address.trim().to_lowercase();
        let place = self.by_address.get(&address).or_else(|| self.by_address.get(&digits(&address)))?;
        self.people.get(*place)
    }
}

/// The digits of a phone number: `+1 (555) 555-0101` and `15555550101` are the same telephone.
pub(crate) fn digits(address: &str) -> String {
    if address.contains('@') {
        return String::new();
    }
    address.chars().filter(char::is_ascii_digit).collect()
}
