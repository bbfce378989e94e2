//! Things by what people call them.

use super::{Client, ITEMS_MAX};
use anyhow::bail;
use countersign_api::{Customer, WorkflowSummary};

/// The id of a workflow, from its id or its name.
///
/// # Errors
/// When several have that name, or the server cannot be asked.
pub async fn workflow(client: &Client, id_or_name: &str) -> anyhow::Result<String> {
    Ok(workflow_named(client, id_or_name).await?.unwrap_or_else(|| id_or_name.to_owned()))
}

/// The id of the workflow of this name, if there is one.
///
/// # Errors
/// As [`workflow`].
pub(crate) async fn workflow_named(client: &Client, name: &str) -> anyhow::Result<Option<String>> {
    if is_id(name) {
        return Ok(Some(name.to_owned()));
    }
    let listed = client.list(&["workflows"], &[("text", name.to_owned())], ITEMS_MAX).await?;
    let named = listed.told::<WorkflowSummary>()?.into_iter().filter(|item| item.name == name);
    one(named.map(|item| item.id).collect(), "workflow", name)
}

/// The id of a customer, from their id or their e-mail address.
///
/// # Errors
/// When there is none or several, or the server cannot be asked.
pub async fn customer(client: &Client, id_or_email: &str) -> anyhow::Result<String> {
    if !id_or_email.contains('@') {
        return Ok(id_or_email.to_owned());
    }
    let listed = client.list(&["customers"], &[("text", id_or_email.to_owned())], ITEMS_MAX).await?;
    let of = |item: &Customer| item.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(id_or_email));
    let found = listed.told::<Customer>()?.into_iter().filter(of);
    match one(found.map(|item| item.id).collect(), "customer", id_or_email)? {
        Some(id) => Ok(id),
        None => bail!("there is no customer {id_or_email}"),
    }
}

fn one(found: Vec<String>, kind: &str, name: &str) -> anyhow::Result<Option<String>> {
    match found.as_slice() {
        [] => Ok(None),
        [id] => Ok(Some(id.clone())),
        several => bail!("there are {} of the {kind} {name}: name one by id: {}", several.len(), several.join(", ")),
    }
}

/// Whether this is the text of a UUID.
fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("01890a5d-ac96-774b-bcce-b302099a8057"));
        assert!(!is_id("Subscription Upgrade"));
        assert!(!is_id("01890a5d-ac96-774b-bcce-b302099a805"));
    }

    #[test]
    fn several_of_a_name_are_an_error() {
        let named = |ids: &[&str]| one(ids.iter().map(|id| (*id).to_owned()).collect(), "workflow", "a");
        assert_eq!(named(&["3"]).unwrap(), Some("3".to_owned()));
        assert_eq!(named(&[]).unwrap(), None);
        assert_eq!(named(&["1", "2"]).unwrap_err().to_string(), "there are 2 of the workflow a: name one by id: 1, 2");
    }
}
