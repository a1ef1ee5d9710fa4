//! Ways to break the protocol on purpose: a model that cannot find a planted bug proves nothing.

/// What is left out or done in the wrong order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// A committed assignment is not told to Redis.
    SkipConfirm,
    /// OrderAssigned is published before the transaction.
    PublishBeforeCommit,
    /// A letter is deleted when it is received.
    AcknowledgeBeforeCommit,
    /// An order is written over whoever has it.
    AssignOverAnother,
    /// Whether the chosen courier takes orders of the zone, and has room, is not asked.
    AssignUnchecked,
    /// Scripts do not ask for the warm marker.
    NoWarmMarker,
    /// Who finds a zone cold after a commit does not tell it again after the load.
    ColdIsEnough,
    /// A loader goes on although another loader, or a loss of Redis, came in between.
    LoaderWithoutToken,
    /// Several loaders at a time.
    LoaderWithoutLock,
    /// Where Redis differs it is told what was committed then, and not what is true now.
    ConfirmWithoutReread,
    /// How the order stands now is read, and its row is not held while Redis is told.
    RereadWithoutHolding,
    /// An order that waited a moment ago is taken from whoever has it by a recorded pick.
    AwaitTakesRecorded,
    /// A pick that did not hold is given back although it was recorded meanwhile.
    ReleaseTakesRecorded,
    /// A release counts down also where it removes nothing.
    ReleaseCountsTwice,
    /// Nothing that a crash left is looked for.
    NoSweep,
    /// Redis takes over older news of a courier.
    NoRevision,
    /// The former zone of a courier is not told that they left.
    NoTombstone,
    /// Reconciling does not ask about couriers whom only Redis takes for the zone's own.
    LeftUnquestioned,
    /// Orders that a courier carries from a former zone end without raising the revision of the courier.
    CarriedWithoutRevision,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::SkipConfirm,
        Self::PublishBeforeCommit,
        Self::AcknowledgeBeforeCommit,
        Self::AssignOverAnother,
        Self::AssignUnchecked,
        Self::NoWarmMarker,
        Self::ColdIsEnough,
        Self::LoaderWithoutToken,
        Self::LoaderWithoutLock,
        Self::ConfirmWithoutReread,
        Self::RereadWithoutHolding,
        Self::AwaitTakesRecorded,
        Self::ReleaseTakesRecorded,
        Self::ReleaseCountsTwice,
        Self::NoSweep,
        Self::NoRevision,
        Self::NoTombstone,
        Self::LeftUnquestioned,
        Self::CarriedWithoutRevision,
    ];
}
