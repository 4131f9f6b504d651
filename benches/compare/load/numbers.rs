//! From the numbers that pictures show to the camera's own: a film begins anew, and a camera's sequence does not.

/// Follows one viewer's pictures.
pub struct Numbers {
    last: Option<Last>,
    /// A picture may have been another one of the same number.
    pub doubtful: bool,
}

struct Last {
    sequence: u64,
    /// The camera's newest when this one came.
    newest: u64,
}

impl Numbers {
    /// For a viewer that comes now: what it gets first is little older than it is itself.
    pub fn from(newest: Option<u64>, period: u64) -> Self {
        let last = newest.map(|newest| Last { sequence: newest.saturating_sub(period / 4), newest });
        Self { last, doubtful: false }
    }

    /// The sequence of the picture that shows this number, where numbers begin anew after `period` pictures and the
    /// camera's newest is that one. Each picture follows the last, however old both are; only where nothing has come for
    /// about a period, that tells nothing, and it is taken for young.
    pub fn sequence(&mut self, number: u64, newest: u64, period: u64) -> Option<u64> {
        let after = |sequence: u64| (number % period + period - sequence % period) % period;
        let ago = (newest % period + period - number % period) % period;
        let near = |last: &&Last| newest.saturating_sub(last.newest) < period / 4 * 3;
        let next = self.last.as_ref().filter(near).map(|last| last.sequence + after(last.sequence));
        let next = next.filter(|next| *next <= newest);
        self.doubtful |= next.is_none() && self.last.is_some();
        let sequence = next.or_else(|| newest.checked_sub(ago))?;
        self.last = Some(Last { sequence, newest });
        Some(sequence)
    }
}
