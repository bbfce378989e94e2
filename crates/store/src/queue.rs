//! The bounded queue in front of a writer.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::database::closed;
use crate::{Priority, Result, StoreError};

/// Where the answer to a piece of work goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T>>;

/// The sending end; closing it lets the writer finish what is queued.
pub(crate) struct Queue<W> {
    sender: Mutex<Option<mpsc::Sender<W>>>,
}

impl<W> Queue<W> {
    pub(crate) fn new(queue_max: usize) -> (Self, mpsc::Receiver<W>) {
        let (sender, inbox) = mpsc::channel(queue_max.max(1));
        (Self { sender: Mutex::new(Some(sender)) }, inbox)
    }

    /// How much work waits to be taken.
    pub(crate) fn waiting(&self) -> usize {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().map_or(0, |sender| sender.max_capacity() - sender.capacity())
    }

    /// Queues work and waits for the answer. Work once queued is done even when the caller goes away.
    pub(crate) async fn submit<T>(&self, priority: Priority, work: impl FnOnce(Reply<T>) -> W) -> Result<T> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let place = match priority {
            Priority::Start => sender.try_reserve().map_err(|error| match error {
                mpsc::error::TrySendError::Full(()) => StoreError::Busy("too many commits are waiting".to_owned()),
                mpsc::error::TrySendError::Closed(()) => closed(),
            })?,
            Priority::Continue => sender.reserve().await.map_err(|_| closed())?,
        };
        let (reply, answer) = oneshot::channel();
        place.send(work(reply));
        drop(sender);
        answer.await.map_err(|_| StoreError::Other("the writer stopped".to_owned()))?
    }

    /// Accepts nothing new.
    pub(crate) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
