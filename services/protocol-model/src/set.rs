//! A small set of numbers: orders, couriers, zones or letters.

use std::fmt;

/// A set of numbers below eight.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Set(u8);

impl Set {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Whether the number is in it.
    #[must_use]
    pub const fn has(self, number: usize) -> bool {
        self.0 & 1 << number != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Puts a number in.
    pub const fn insert(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    /// Takes a number out.
    pub const fn remove(&mut self, number: usize) {
        self.0 &= !(1 << number);
    }

    /// What is in either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The numbers, the least first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..8).filter(move |number| self.has(*number))
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}
