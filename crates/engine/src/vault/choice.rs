//! Through which of a connector's accounts a call goes.

use countersign_core::approval::ChosenAccounts;
use countersign_store::ConnectionRow;

/// Which account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChoice<'a> {
    /// The one of this id, chosen when the version was published.
    Account(&'a str),
    /// None: the version was published so.
    Nobodys,
    /// The one of this name.
    Named(&'a str),
    /// Nobody chose: only one that is alone is meant.
    Unsaid,
}

impl<'a> AccountChoice<'a> {
    /// What a step means that names an account or none, in a version with these accounts.
    #[must_use]
    pub fn of_step(accounts: &'a ChosenAccounts, connector: &str, named: Option<&'a str>) -> Self {
        match accounts.chosen(connector, named) {
            Some(Some(account)) => Self::Account(account),
            Some(None) => Self::Nobodys,
            None => Self::of_draft(named),
        }
    }

    /// What a step means that is not published.
    #[must_use]
    pub fn of_draft(named: Option<&'a str>) -> Self {
        named.map_or(Self::Unsaid, Self::Named)
    }
}

/// Why no account is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotChosen {
    /// There is none of that name.
    #[error("has no account of that name")]
    Unknown,
    /// The one that was chosen was removed.
    #[error("lost the account that the version was published with: publish it again")]
    Gone,
    /// There are these, and none was chosen.
    #[error("has several accounts ({}), and none was chosen", .0.join(", "))]
    Several(Vec<String>),
}

/// The account that is meant, of those of a connector; none where there is none and none was named.
///
/// # Errors
/// See [`NotChosen`].
pub fn chosen<'a>(
    rows: impl Iterator<Item = &'a ConnectionRow>,
    choice: AccountChoice<'_>,
) -> Result<Option<&'a ConnectionRow>, NotChosen> {
    let mut rows: Vec<&ConnectionRow> = rows.collect();
    let mut only = |is: &dyn Fn(&ConnectionRow) -> bool| {
        rows.retain(|row| is(row));
        rows.pop()
    };
    match choice {
        AccountChoice::Account(id) => only(&|row| row.id == id).map(Some).ok_or(NotChosen::Gone),
        AccountChoice::Named(name) => only(&|row| row.name == name).map(Some).ok_or(NotChosen::Unknown),
        AccountChoice::Nobodys => Ok(None),
        AccountChoice::Unsaid if rows.len() < 2 => Ok(rows.pop()),
        AccountChoice::Unsaid => Err(NotChosen::Several(rows.iter().map(|row| row.name.clone()).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> ConnectionRow {
        ConnectionRow {
            id: format!("id-{name}"),
            workspace: "w".to_owned(),
            connector: "shop".to_owned(),
            name: name.to_owned(),
            settings: String::new(),
            sealed: String::new(),
            health: String::new(),
            used: String::new(),
            created_at: 1,
            updated_at: 1,
        }
    }

    fn name(names: &[&str], choice: AccountChoice<'_>) -> Result<Option<String>, NotChosen> {
        let rows: Vec<_> = names.iter().map(|name| row(name)).collect();
        chosen(rows.iter(), choice).map(|row| row.map(|row| row.name.clone()))
    }

    #[test]
    fn a_name_is_that_account_or_none() {
        assert_eq!(name(&["a", "b"], AccountChoice::Named("b")), Ok(Some("b".to_owned())));
        assert_eq!(name(&["a", "b"], AccountChoice::Named("c")), Err(NotChosen::Unknown));
    }

    #[test]
    fn what_was_chosen_is_called_or_nothing() {
        let mut accounts = ChosenAccounts::default();
        accounts.choose("shop", None, Some("id-a".to_owned()));
        accounts.choose("shop", Some("eu"), Some("id-b".to_owned()));
        accounts.choose("web", None, None);
        let choice = |connector, named| AccountChoice::of_step(&accounts, connector, named);
        for names in [&["a"][..], &["b", "a"], &["a", "b", "c"]] {
            assert_eq!(name(names, choice("shop", None)), Ok(Some("a".to_owned())), "{names:?}");
        }
        assert_eq!(name(&["b"], choice("shop", None)), Err(NotChosen::Gone), "no other takes its place");
        // Renamed meanwhile: the step goes on through the same.
        assert_eq!(name(&["a", "b"], choice("shop", Some("eu"))), Ok(Some("b".to_owned())));
        assert_eq!(name(&["a"], choice("web", None)), Ok(None), "one that is added later takes no calls over");
        assert_eq!(choice("shop", Some("us")), AccountChoice::Named("us"));
        assert_eq!(choice("bank", None), AccountChoice::Unsaid);
    }

    #[test]
    fn of_several_none_is_taken_that_nobody_chose() {
        let several = Err(NotChosen::Several(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(name(&["a", "b"], AccountChoice::Unsaid), several);
        assert_eq!(name(&[], AccountChoice::Unsaid), Ok(None));
        assert_eq!(name(&["a"], AccountChoice::Unsaid), Ok(Some("a".to_owned())), "the only one there is");
    }
}
