//! Which open checkpoints may be somebody's. The database picks them by whom each asks; what it picked is asked exactly
//! ([`countersign_core::run::OpenApproval::seat`]) where it is shown.

use crate::{Engine, EngineError};
use countersign_core::{approval::Asks, run::Actor};
use countersign_store::InboxRange;

/// Audiences read at once.
const AUDIENCES_AT_ONCE: u32 = 1_000;
/// Of more people whom somebody stands in for the database does not look who is barred.
const SEATS_MAX: usize = 50;

/// Whose inbox it is.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Their groups.
    pub groups: &'a [String],
    /// Whether they decide anything: not every API key does.
    pub decides: bool,
    /// Those for whom they decide ([`Engine::stands_in_for`]).
    pub for_others: &'a [Actor],
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
    /// `Store` when the database does not answer.
    pub async fn inbox(&self, workspace: &str, reader: Reader<'_>) -> Result<Inbox, EngineError> {
        let mut inbox = Inbox { mine: vec![InboxRange::TakenBy(reader.actor.id.clone())], groups: Vec::new() };
        let mut after: Option<String> = None;
        loop {
            let part = self.0.store.open_audiences(workspace, after.as_deref(), AUDIENCES_AT_ONCE).await?;
            let whole = part.len() < AUDIENCES_AT_ONCE as usize;
            after = part.last().map(|asked| asked.audience.clone());
            for asked in part {
                match serde_json::from_str::<Asks>(&asked.asks) {
                    Ok(asks) => inbox.take(asked.audience, &asks, reader),
                    // What cannot be read must not hide the rest.
                    Err(error) => {
                        tracing::error!(workspace, asked.asks, %error, "whom a checkpoint asks cannot be read")
                    }
                }
            }
            if whole {
                return Ok(inbox);
            }
        }
    }
}

impl Inbox {
    fn take(&mut self, audience: String, asks: &Asks, reader: Reader<'_>) {
        if asks.of_groups(reader.groups) {
            self.groups.push(InboxRange::Asking(audience.clone()));
        }
        let seats = seats(asks, reader);
        if !seats.is_empty() {
            self.mine.push(InboxRange::Free { audience, seats });
        }
    }
}

/// The people in whose names somebody could decide what asks these: themselves, or else with each whom they stand in for.
fn seats(asks: &Asks, reader: Reader<'_>) -> Vec<Vec<String>> {
    let Reader { actor, decides, for_others, .. } = reader;
    let own = || vec![vec![actor.person().to_owned()]];
    if !decides {
        return Vec::new();
    }
    // Who is barred decides for nobody either.
    if asks.of(actor) {
        return own();
    }
    let deputy = for_others.iter().filter(|other| asks.of_deputy(actor, other)).map(|other| actor.representing(other));
    let seats: Vec<_> = deputy.map(|seat| seat.people().map(str::to_owned).collect()).collect();
    if seats.len() > SEATS_MAX { own() } else { seats }
}
