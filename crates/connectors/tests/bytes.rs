//! Whatever is thrown at the readers of manifests and OpenAPI documents ends as a value or as an error.
//! `COUNTERSIGN_FUZZ_CASES` makes it more of it (`make fuzz`).
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use countersign_connectors::Manifest;
use proptest::prelude::*;

fn cases() -> u32 {
    std::env::var("COUNTERSIGN_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

const OPENAPI: &str = r##"{"openapi":"3.1.0","info":{"title":"T","version":"1"},"servers":[{"url":"https://{r}.example.com","variables":{"r":{"default":"eu"}}}],
"paths":{"/a/{id}":{"parameters":[{"$ref":"#/components/parameters/id"}],"get":{"operationId":"get","responses":{"200":{"description":"","content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}},
"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}},"responses":{}}}},
"components":{"parameters":{"id":{"name":"id","in":"path","required":true,"schema":{"type":"string"}}},"schemas":{"A":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/A"},"n":{"type":"integer"}}}}}}"##;

fn throw(text: &str) {
    let _ = Manifest::import(text);
    let _ = Manifest::parse("thrown", text);
}

fn damaged(source: &str, damage: Vec<(prop::sample::Index, usize, String)>) -> String {
    let mut text: Vec<char> = source.chars().collect();
    for (at, gone, put) in damage {
        let at = at.index(text.len());
        let end = (at + gone).min(text.len());
        text.splice(at..end, put.chars());
    }
    text.into_iter().collect()
}

fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let put = prop_oneof![
        "[ -~é\u{0}\u{feff}]{0,8}",
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "null",
            "true",
            "1e400",
            "\"$ref\":\"#\",",
            "#/paths",
            "#/components/schemas/A",
            "{}",
            "[]",
            "3.0.0",
            "2.0",
            "get",
            "\"\\u0000\"",
            "&a",
            "*a",
            "no",
            "allOf",
            "-1",
            "https://[::1",
            "{x}",
            "..",
            "%00",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..24, put), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        throw(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn damaged_openapi_is_read_or_refused(damage in damage()) {
        throw(&damaged(OPENAPI, damage));
    }

    #[test]
    fn damaged_manifests_are_read_or_refused(damage in damage()) {
        throw(&damaged(include_str!("../../../connectors/stripe.yaml"), damage));
    }
}

#[test]
fn a_byte_order_mark_is_read_over() {
    let text = include_str!("../../../connectors/stripe.yaml");
    assert_eq!(
        Manifest::parse("stripe", &format!("\u{feff}{text}")).unwrap(),
        Manifest::parse("stripe", text).unwrap()
    );
}
