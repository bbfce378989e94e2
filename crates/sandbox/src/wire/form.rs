//! `application/x-www-form-urlencoded` with Stripe's brackets: `items[0][price]=x` becomes `{"items":[{"price":"x"}]}`.

use serde_json::{Map, Value};

const PAIRS_MAX: usize = 1_000;
const DEPTH_MAX: usize = 8;

/// Parses a form body. Pairs beyond 1,000 and keys nested deeper than 8 are ignored; the last of two equal keys wins.
pub(crate) fn parse(body: &[u8]) -> Value {
    let mut root = Map::new();
    for (name, value) in form_urlencoded::parse(body).take(PAIRS_MAX) {
        let path = path_of(&name);
        if path.len() <= DEPTH_MAX {
            insert(&mut root, &path, value.into_owned());
        }
    }
    arrays(Value::Object(root))
}

/// `a[b][0]` → `["a", "b", "0"]`. A key whose brackets do not pair is taken literally.
fn path_of(name: &str) -> Vec<&str> {
    let Some((head, rest)) = name.split_once('[') else {
        return vec![name];
    };
    let Some(rest) = rest.strip_suffix(']') else {
        return vec![name];
    };
    std::iter::once(head).chain(rest.split("][")).collect()
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: String) {
    let Some((head, rest)) = path.split_first() else {
        return;
    };
    // `a[]=x` appends: the next free index stands in for the empty one.
    let key = if head.is_empty() { map.len().to_string() } else { (*head).to_owned() };
    if rest.is_empty() {
        map.insert(key, Value::String(value));
        return;
    }
    let child = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !child.is_object() {
        *child = Value::Object(Map::new());
    }
    if let Value::Object(inner) = child {
        insert(inner, rest, value);
    }
}

/// Objects whose keys are 0, 1, 2, … become arrays.
fn arrays(value: Value) -> Value {
    let Value::Object(map) = value else {
        return value;
    };
    let indexed = !map.is_empty() && (0..map.len()).all(|index| map.contains_key(&index.to_string()));
    let mut entries: Vec<(String, Value)> = map.into_iter().map(|(key, child)| (key, arrays(child))).collect();
    if indexed {
        entries.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
        return Value::Array(entries.into_iter().map(|(_, child)| child).collect());
    }
    Value::Object(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn brackets_become_objects_and_arrays() {
        let body = b"items[0][id]=si_1&items[0][price]=p+1&metadata[run]=r%2F1&expand[]=a&expand[]=b&x=1";
        let want = json!({
            "items": [{ "id": "si_1", "price": "p 1" }], "metadata": { "run": "r/1" }, "expand": ["a", "b"], "x": "1"
        });
        assert_eq!(parse(body), want);
    }

    #[test]
    fn unpaired_brackets_and_clashes_do_no_harm() {
        assert_eq!(parse(b"a[=1&b]=2&c=3&c[d]=4"), json!({ "a[": "1", "b]": "2", "c": { "d": "4" } }));
        assert_eq!(parse(b""), json!({}));
    }
}
