//! Reads YAML or JSON text into a value, strictly: no key twice, text keys, no tags, bounded in size once aliases are
//! followed.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{cell::RefCell, fmt};

/// Most values a document may hold, aliases followed.
const VALUES_MAX: usize = 200_000;
/// Most bytes of text a document may hold, aliases followed.
const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What reading remembers: where it is, what it took, and which key was there twice.
#[derive(Default)]
pub(super) struct Reading {
    path: RefCell<Vec<String>>,
    values: RefCell<usize>,
    text: RefCell<usize>,
    duplicate: RefCell<Option<String>>,
}

impl Reading {
    /// Reads one value.
    pub(super) fn read<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Value, D::Error> {
        Seed(self).deserialize(deserializer)
    }

    /// JSON pointer of the key that was there twice, if that is why reading failed.
    pub(super) fn duplicate(&self) -> Option<String> {
        self.duplicate.borrow().clone()
    }

    /// JSON pointer of the place where reading failed.
    pub(super) fn place(&self) -> String {
        self.path.borrow().iter().map(|token| format!("/{}", crate::pointer::token(token))).collect()
    }

    fn take<E: Error>(&self, text: usize) -> Result<(), E> {
        *self.values.borrow_mut() += 1;
        *self.text.borrow_mut() += text;
        if *self.values.borrow() > VALUES_MAX || *self.text.borrow() > TEXT_BYTES_MAX {
            return Err(E::custom("the document is too large once its aliases are followed"));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Seed<'a>(&'a Reading);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.take(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.0.take(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.0.take(0)?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.0.take(0)?;
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.0.take(0)?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.take(value.len())?;
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.take(0)?;
        let mut array = Vec::new();
        loop {
            self.0.path.borrow_mut().push(array.len().to_string());
            let Some(item) = items.next_element_seed(self)? else { break };
            array.push(item);
            self.0.path.borrow_mut().pop();
        }
        self.0.path.borrow_mut().pop();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.0.take(0)?;
        let mut map = Map::new();
        while let Some(key) = members.next_key_seed(self)? {
            let name = match key {
                Value::String(name) => name,
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(A::Error::custom("a key must be text"));
                }
            };
            self.0.path.borrow_mut().push(name.clone());
            if map.contains_key(&name) {
                *self.0.duplicate.borrow_mut() = Some(self.0.place());
                return Err(A::Error::custom(format_args!("`{name}` is there twice")));
            }
            let value = members.next_value_seed(self)?;
            self.0.path.borrow_mut().pop();
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}
