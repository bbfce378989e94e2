//! What is said of approvals and of what they stand before.

use super::*;

/// An approval that guards `pay`, and what of it the machine would refuse.
fn guarded(changes: &[(&str, Value)]) -> Vec<(&'static str, String)> {
    let mut document = json!({ "schema": 1, "name": "Guarded", "start": "ask", "vars": { "id": "A-1", "amount": 5 },
        "input": { "type": "object", "additionalProperties": false, "properties": { "id": { "type": "string" } } },
        "steps": {
            "ask": { "type": "approval", "summary": "Go on?", "guards": ["pay"], "timeout": { "after": "1h", "outcome": "rejected" },
                     "on_approve": "pay", "on_reject": "no" },
            "pay": { "type": "tool_call", "action": "shop.refund", "input": { "id": "{{ id }}", "amount": "{{ amount }}" },
                     "next": "after", "on_error": { "next": "done" } },
            "after": { "type": "tool_call", "action": "shop.read", "input": { "id": "a" }, "set": { "late": "{{ output.x }}" },
                       "next": "done" },
            "done": { "type": "end" }, "no": { "type": "end" },
        } });
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    found(&document)
}

#[test]
fn high_risk_needs_a_person() {
    finds(&[("/steps/ask/guards", json!([]))], &[("unguarded_action", "/steps/refund")]);
    finds(&[("/steps/large/otherwise", json!("refund"))], &[("unguarded_action", "/steps/refund")]);
    finds(&[("/steps/ask/on_reject", json!("refund"))], &[("unguarded_action", "/steps/refund")]);
    finds(&[("/steps/ask/on_changes", json!("refund"))], &[("unguarded_action", "/steps/refund")]);
    let silence = json!({ "after": "1h", "outcome": "approved" });
    finds(
        &[("/steps/ask/timeout", silence)],
        &[("approval_timeout_approves", "/steps/ask/timeout/outcome"), ("unguarded_action", "/steps/refund")],
    );
    let elsewhere = json!({ "after": "1h", "outcome": "rejected", "next": "refund" });
    finds(&[("/steps/ask/timeout", elsewhere)], &[("unguarded_action", "/steps/refund")]);
    // A loop back to before the approval is fine; a second approval on another path is fine.
    finds(&[("/steps/refund/on_error", json!({ "next": "ask" }))], &[]);
    let mut two = good();
    two["steps"]["large"]["otherwise"] = json!("other");
    two["steps"]["other"] = two["steps"]["ask"].clone();
    assert_eq!(found(&two), []);
    two["steps"]["other"]["guards"] = json!(["look"]);
    assert_eq!(
        found(&two),
        [("unguarded_action", "/steps/refund".to_owned()), ("guards_unreachable", "/steps/other/guards/0".to_owned()),]
    );
}

#[test]
fn approvals() {
    finds(
        &[("/steps/ask/guards", json!(["refund", "refnd", "done", "refund"]))],
        &[
            ("guards_unknown", "/steps/ask/guards/1"),
            ("guards_unknown", "/steps/ask/guards/2"),
            ("duplicate_guard", "/steps/ask/guards/3"),
        ],
    );
    finds(&[("/steps/ask/guards", json!(["refund", "look"]))], &[("guards_unreachable", "/steps/ask/guards/1")]);
    for (approvers, expected) in [
        (json!({ "quorum": 0 }), Some("/steps/ask/approvers/quorum")),
        (json!({ "quorum": 11 }), Some("/steps/ask/approvers/quorum")),
        (json!({ "users": ["ada@example.com", "ADA@example.com"], "quorum": 2 }), Some("/steps/ask/approvers/quorum")),
        (
            json!({ "users": ["ada@example.com"], "exclude_requester": true }),
            Some("/steps/ask/approvers/exclude_requester"),
        ),
        (json!({ "users": ["ada@example.com"], "roles": ["manager"], "quorum": 2 }), None),
        (json!({}), None),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|pointer| ("no_approver", pointer)).collect();
        finds(&[("/steps/ask/approvers", approvers)], &expected);
    }
    let escalate = json!({ "after": "1h", "outcome": "escalate" });
    finds(&[("/steps/ask/timeout", escalate)], &[("no_approver", "/steps/ask/timeout/escalate_to")]);
}

#[test]
fn a_guard_cannot_read_what_comes_after_its_approval() {
    let found = |read: &str, set: serde_json::Value| {
        let workflow = serde_json::from_value(json!({ "schema": 1, "name": "Later", "start": "before", "vars": { "id": null },
            "steps": {
                "before": { "type": "tool_call", "action": "shop.refund", "input": { "id": 1 }, "next": "ask" },
                "ask": { "type": "approval", "summary": "Go on?", "guards": ["pay"], "on_approve": "create", "on_reject": "done" },
                "create": { "type": "tool_call", "action": "shop.refund", "input": { "id": 1 }, "set": set, "next": "pay" },
                "pay": { "type": "tool_call", "action": "shop.refund", "input": { "id": read }, "next": "done" },
                "done": { "type": "end" },
            } }))
        .unwrap();
        let found = check(&workflow, &catalogue());
        found.into_iter().find(|it| it.code == "guard_reads_later").map(|it| it.message)
    };
    let by_output = found("{{ steps.create.output.id }}", json!({})).unwrap();
    assert!(by_output.contains("`create`"), "{by_output}");
    assert!(found("{{ id }}", json!({ "id": "{{ output.id }}" })).is_some(), "through a variable");
    assert!(found("{{ steps.ask.output.comment }}", json!({})).is_some(), "what the approver says");
    assert_eq!(found("{{ steps.before.output.id }}", json!({})), None);
    assert_eq!(found("{{ id }}", json!({})), None);
}

#[test]
fn what_the_machine_would_refuse_at_an_approval_is_said_before() {
    assert_eq!(guarded(&[]), []);
    let input = "/steps/pay/input/id";
    let missing = |read: &str| guarded(&[(input, json!(read))]);
    let lost = ("action_input", input.to_owned());
    assert!(missing("{{ steps.after.output.id }}").contains(&lost), "a step that comes later");
    assert!(missing("{{ steps.done.output.id }}").contains(&lost), "a step that ends it");
    assert_eq!(missing("{{ late }}"), std::slice::from_ref(&lost), "a variable set later");
    assert_eq!(missing("{{ input.idd }}"), [lost], "a member that the closed input does not have");
    assert_eq!(missing("{{ input.id }}"), []);
    // What is always there is what is sent.
    assert_eq!(guarded(&[("/vars/amount", json!("much"))]), [("action_input", "/steps/pay/input/amount".to_owned())]);
    assert_eq!(guarded(&[("/vars/id", Value::Null)]), [("action_input", "/steps/pay/input/id".to_owned())]);
    // Of what kind it is, is told by the schema it came through.
    let typed = |kind: &str, required: Value| {
        let takes = json!({ "type": "object", "required": required, "properties": { "amount": { "type": kind } } });
        guarded(&[("/input", takes), ("/steps/pay/input/amount", json!("{{ input.amount }}"))])
    };
    assert_eq!(typed("string", json!(["amount"])), [("action_input", "/steps/pay/input/amount".to_owned())]);
    assert_eq!(typed("string", json!([])), [], "it may be left out");
    for kind in ["integer", "number"] {
        assert_eq!(typed(kind, json!(["amount"])), [], "{kind}");
    }
    // Not needed, so it is left out.
    assert_eq!(guarded(&[("/steps/pay/input/amount", json!("{{ input.amount }}"))]), []);
    // Known where it is performed, not where it is asked: the two meet on another path.
    let other = json!({ "type": "tool_call", "action": "shop.read", "input": { "id": "a" }, "next": "pay" });
    let found = guarded(&[
        ("/steps/other", other),
        ("/steps/ask/on_reject", json!("other")),
        (input, json!("{{ steps.other.output.id }}")),
    ]);
    assert!(found.contains(&("guard_unrendered", "/steps/ask/guards/0".to_owned())), "{found:?}");
}

#[test]
fn what_nobody_could_understand_is_said_before() {
    let summary = |text: &str| guarded(&[("/steps/ask/summary", json!(text))]);
    let unclear = [("unclear_approval", "/steps/ask/summary".to_owned())];
    assert_eq!(summary(" "), unclear);
    assert_eq!(summary("Pay {{ input.amount }}?"), unclear);
    assert_eq!(summary("Pay {{ late }}?"), unclear);
    assert_eq!(summary("Pay {{ input.id }} {{ amount }}?"), []);
    assert_eq!(guarded(&[("/steps/ask/summary", json!(" ")), ("/steps/ask/allow_empty", json!(true))]), []);
    let facts = |optional: bool| json!([{ "label": "Amount", "value": "{{ input.amount }}", "optional": optional }]);
    let fact = [("unclear_approval", "/steps/ask/facts/0/value".to_owned())];
    assert_eq!(guarded(&[("/steps/ask/facts", facts(false))]), fact);
    assert_eq!(guarded(&[("/steps/ask/facts", facts(true))]), []);
    let tier = |when: &str| guarded(&[("/steps/ask/tiers", json!([{ "when": when, "approvers": {} }]))]);
    for when in ["'yes'", "amount", "late", "input.id", "1 + 1"] {
        assert_eq!(tier(when), [("tier_undecided", "/steps/ask/tiers/0/when".to_owned())], "{when}");
    }
    for when in ["amount > 1", "true", "$exists(input.id)", "customer.big"] {
        assert_eq!(tier(when), [], "{when}");
    }
}

#[test]
fn the_risk_of_a_call_is_that_of_what_it_sends() {
    let values = [("GET".to_owned(), Risk::Read), ("DELETE".to_owned(), Risk::High)].into();
    let request = ActionSpec {
        risk_by: Some(crate::catalogue::RiskBy { member: "method".to_owned(), values }),
        input: json!({ "type": "object", "properties": { "method": {} } }),
        idempotency: Idempotency::None,
        ..action("web.request", Risk::Write)
    };
    let of = |input: Value| (request.risk_of(&input), request.repeatable(&input));
    assert_eq!(of(json!({ "method": "GET" })), (Risk::Read, true));
    for input in [json!({ "method": "PUT" }), json!({}), Value::Null, json!({ "method": "what {{ they }} wrote" })] {
        assert_eq!(of(input.clone()), (Risk::Write, false), "{input}");
    }
    for input in [
        json!({ "method": "DELETE" }),
        json!({ "method": "delete" }),
        json!({ "method": 7 }),
        json!({ "method": null }),
    ] {
        assert_eq!(of(input.clone()), (Risk::High, false), "{input}");
    }
    for (written, risk) in [
        (json!({ "method": "GET" }), Risk::Read),
        (json!({ "method": "{{ input.method }}" }), Risk::High),
        (json!("{{ input }}"), Risk::High),
    ] {
        assert_eq!(request.risk_as_written(&written), risk, "{written}");
    }
    // What is left out is sent as the schema says.
    let input = json!({ "type": "object", "properties": { "method": { "default": "DELETE" } } });
    let by_default = ActionSpec { input, ..request.clone() };
    assert_eq!((by_default.risk_of(&json!({})), by_default.risk_as_written(&Value::Null)), (Risk::High, Risk::High));
    let catalogue = Catalogue::new([request]);
    let codes = |method: &str| {
        let document = json!({
            "schema": 1, "name": "Web", "triggers": [{ "type": "api" }], "start": "call", "steps": {
                "call": { "type": "tool_call", "action": "web.request", "input": { "method": method }, "next": "done" },
                "done": { "type": "end" },
            },
        });
        let found = check_source(&document.to_string(), &catalogue).1;
        found.into_iter().map(|it| it.code).filter(|code| *code == "unguarded_action").count()
    };
    assert_eq!(["GET", "POST", "DELETE", "{{ input.method }}"].map(codes), [0, 0, 1, 1]);
}
