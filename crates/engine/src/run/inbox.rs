//! Which open checkpoints may be somebody's. The database picks them by whom each asks; what it picked is asked exactly
//! ([`countersign_core::run::OpenApproval::seat`]) where it is shown.

use crate::{Engine, EngineError};
use countersign_core::{approval::Asks, run::Actor};
use countersign_store::InboxRange;

/// Whose inbox it is.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Their groups.
    pub groups: &'a [String],
    /// Whether they decide anything: not every API key does.
    pub decides: bool,
}

/// The parts of somebody's inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// What they may decide and nobody took, and what they took.
    pub mine: Vec<InboxRange>,
    /// What asks one of their groups.
    pub groups: Vec<InboxRange>,
}

impl Engine {
    /// The inbox of a person, with what they may decide for others now.
    ///
    /// # Errors
    /// `Store` when the database does not answer, `Corrupt` when it is not known whom a checkpoint asks.
    pub async fn inbox(&self, workspace: &str, reader: Reader<'_>) -> Result<Inbox, EngineError> {
        let Reader { actor, groups, decides } = reader;
        let for_others = match actor.made_by.is_empty() && decides {
            true => self.stands_in_for(workspace, actor.person()).await?,
            false => Vec::new(),
        };
        let mut inbox = Inbox { mine: vec![InboxRange::TakenBy(actor.id.clone())], groups: Vec::new() };
        for asked in self.0.store.open_audiences(workspace).await? {
            let asks: Asks = serde_json::from_str(&asked.asks)
                .map_err(|error| EngineError::Corrupt(format!("whom a checkpoint asks: {error}")))?;
            if asks.of_groups(groups) {
                inbox.groups.push(InboxRange::Asking(asked.audience.clone()));
            }
            let seats = seats(&asks, actor, &for_others);
            if decides && !seats.is_empty() {
                inbox.mine.push(InboxRange::Free { audience: asked.audience, seats });
            }
        }
        Ok(inbox)
    }
}

/// The people in whose names somebody could decide what asks these: themselves, and with each whom they stand in for.
fn seats(asks: &Asks, actor: &Actor, for_others: &[Actor]) -> Vec<Vec<String>> {
    let own = asks.of(actor).then(|| actor.clone());
    let deputy = for_others.iter().filter(|other| asks.of_deputy(actor, other)).map(|other| actor.representing(other));
    own.into_iter().chain(deputy).map(|seat| seat.people().map(str::to_owned).collect()).collect()
}
