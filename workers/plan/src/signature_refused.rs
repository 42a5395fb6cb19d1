//! Why the signature in `requested_by` is refused.

use tableshift_core::approval::signature::SignatureError;

/// Why the signature in `requested_by` is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignatureRefused {
    /// It is not a signature, or it does not apply to this execution and this moment.
    #[error(transparent)]
    Unreadable(SignatureError),
    /// STS rejects it, with this error code.
    #[error(
        "STS rejects the signature, so it does not cover this execution and this input ({0}); sign this start again"
    )]
    Invalid(String),
    /// It was used before.
    #[error("the signature was used before; sign each start separately")]
    Replayed,
    /// The signer belongs to another account.
    #[error(
        "{0} does not belong to this account; sign with an identity of the account, or add the ARN to the policy's `foreign_requesters`"
    )]
    OtherAccount(String),
}
