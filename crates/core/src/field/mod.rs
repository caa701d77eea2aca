//! Field types: what a kind of personal value looks like, its normal form and its mask.
//!
//! A type knows its rules and nothing else: it holds no value, knows no keys and no clock. A value
//! comes back exactly as it stood; a normal form serves the equality index, masks and checks only.
//! This module must never put a value, or a part of one, into an error, a log or a `Debug` form.

mod contact;
mod credential;
mod digits;
mod fold;
mod government;
mod payment;
mod person;
mod search;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use payment::{Brand, brand};
pub use search::{fold, personal_in};

pub(crate) use contact::is_written_phone;
pub(crate) use government::{is_grouped_ein, is_grouped_ssn};
pub(crate) use payment::is_iban;
pub(crate) use person::is_written_date;

/// What stands in place of a value that is not shown. It says nothing of the value's length.
pub const REDACTED: &str = "•••";

/// Declares the types from one list: one that is not in it does not exist.
macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident = $code:literal: $name:literal),+ $(,)?) => {
        /// A kind of personal value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum FieldType {
            $($(#[$doc])* #[serde(rename = $name)] $variant = $code),+
        }

        impl FieldType {
            /// Every type, in the order of its code.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The name used in schemas, answers and counts.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

types! {
    /// A Social Security number, by the rules of the SSA.
    Ssn = 1: "ssn",
    /// A taxpayer's number: EIN, ITIN, or a Social Security number used as one.
    TaxId = 2: "tax_id",
    /// A payment card number of a known issuer range, with its Luhn digit.
    CardNumber = 3: "card_number",
    /// The month and year a card expires.
    CardExpiry = 4: "card_expiry",
    /// A card verification code. Never stored.
    CardSecurityCode = 5: "card_security_code",
    /// A bank account number, or an IBAN.
    BankAccount = 6: "bank_account",
    /// An ABA routing number.
    BankRouting = 7: "bank_routing",
    /// A password. Kept as a verifier only.
    Password = 8: "password",
    /// The name a person signs in with.
    Username = 9: "username",
    /// An e-mail address.
    Email = 10: "email",
    /// A telephone number.
    Phone = 11: "phone",
    /// A person's name, or a part of it.
    Name = 12: "name",
    /// A postal address, or a part of it.
    Address = 13: "address",
    /// A date of birth.
    DateOfBirth = 14: "date_of_birth",
    /// Anything else that is worth sealing.
    Text = 15: "text",
}

/// What becomes of a value of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Sealed, and given out again by a reveal.
    Sealed,
    /// Refused: dropped on import, never written anywhere.
    NeverStored,
    /// Only a verifier is kept: it can be checked and never read.
    VerifyOnly,
}

impl FieldType {
    /// One more than the largest code: the length of whatever is indexed by code.
    pub const CODES: usize = {
        let (mut all, mut most) = (Self::ALL.as_slice(), 0);
        while let [kind, rest @ ..] = all {
            most = if *kind as usize > most { *kind as usize } else { most };
            all = rest;
        }
        most + 1
    };

    /// The type of this name, which must be spelt as [`FieldType::name`] spells it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The code on disk, from 1 on. Codes are never reused or renumbered.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The type of this code on disk.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether the value follows the type's rules. White space around it does not matter, except
    /// in a password. Nothing is allocated.
    #[must_use]
    pub fn fits(self, value: &str) -> bool {
        match self {
            Self::Ssn => government::ssn(value).is_some(),
            Self::TaxId => government::tax_id(value).is_some(),
            Self::CardNumber => payment::card_number(value).is_some(),
            Self::CardExpiry => payment::card_expiry(value).is_some(),
            Self::CardSecurityCode => payment::card_security_code(value).is_some(),
            Self::BankAccount => payment::bank_account(value).is_some(),
            Self::BankRouting => payment::bank_routing(value).is_some(),
            Self::Password => credential::is_password(value),
            Self::Username => credential::is_username(value),
            Self::Email => contact::email(value).is_some(),
            Self::Phone => contact::phone(value).is_some(),
            Self::Name => person::is_name(value),
            Self::Address => contact::is_address(value),
            Self::DateOfBirth => person::date_of_birth(value).is_some(),
            Self::Text => true,
        }
    }

    /// Writes the value's normal form to `out`, replacing what was there, and says whether the
    /// value fits. When it does not, `out` is empty. The normal form of a normal form is itself.
    #[must_use]
    pub fn normalize(self, value: &str, out: &mut String) -> bool {
        out.clear();
        self.write_normal(value, out).is_some()
    }

    /// Nothing may be written to `out` before the value is known to fit.
    fn write_normal(self, value: &str, out: &mut String) -> Option<()> {
        match self {
            Self::Ssn => out.push_str(government::ssn(value)?.as_str()),
            Self::TaxId => out.push_str(government::tax_id(value)?.as_str()),
            Self::CardNumber => out.push_str(payment::card_number(value)?.as_str()),
            Self::CardExpiry => payment::card_expiry(value)?.write(out),
            Self::CardSecurityCode => out.push_str(payment::card_security_code(value)?),
            Self::BankAccount => out.push_str(payment::bank_account(value)?.as_str()),
            Self::BankRouting => out.push_str(payment::bank_routing(value)?.as_str()),
            Self::Phone => out.push_str(contact::phone(value)?.as_str()),
            Self::DateOfBirth => person::date_of_birth(value)?.write(out),
            // A password is compared byte for byte: folding it would weaken it.
            Self::Password => self.fits(value).then(|| out.push_str(value))?,
            Self::Username | Self::Email => self.fits(value).then(|| fold::case(value, out))?,
            Self::Name => self.fits(value).then(|| person::write_name(value, out))?,
            Self::Address | Self::Text => self.fits(value).then(|| fold::words(value, out))?,
        }
        Some(())
    }

    /// What may be shown of the value without revealing it. A value that does not fit its type
    /// shows nothing. A mask never tells the value's length.
    #[must_use]
    pub fn mask(self, value: &str) -> String {
        let shown = match self {
            Self::Ssn => government::ssn(value).and_then(|digits| last_four(digits.as_str())),
            Self::TaxId => government::tax_id(value).and_then(|digits| last_four(digits.as_str())),
            Self::CardNumber => {
                payment::card_number(value).and_then(|digits| last_four(digits.as_str()))
            }
            Self::BankAccount => {
                payment::bank_account(value).and_then(|account| last_four(account.as_str()))
            }
            Self::BankRouting => payment::bank_routing(value).map(|d| d.as_str().to_owned()),
            Self::Phone => contact::mask_phone(value),
            Self::Email => contact::mask_email(value),
            Self::Name => person::mask_name(value),
            Self::DateOfBirth => person::date_of_birth(value).map(person::Date::year_shown),
            Self::CardExpiry
            | Self::CardSecurityCode
            | Self::Password
            | Self::Username
            | Self::Address
            | Self::Text => None,
        };
        shown.unwrap_or_else(|| REDACTED.to_owned())
    }

    /// Whether a schema indexes the type for equality search unless it says otherwise.
    #[must_use]
    pub fn indexed_by_default(self) -> bool {
        matches!(self, Self::Ssn | Self::TaxId | Self::Email | Self::Phone | Self::Username)
    }

    /// What becomes of a value of this type.
    #[must_use]
    pub fn storage(self) -> Storage {
        match self {
            Self::CardSecurityCode => Storage::NeverStored,
            Self::Password => Storage::VerifyOnly,
            Self::Ssn
            | Self::TaxId
            | Self::CardNumber
            | Self::CardExpiry
            | Self::BankAccount
            | Self::BankRouting
            | Self::Username
            | Self::Email
            | Self::Phone
            | Self::Name
            | Self::Address
            | Self::DateOfBirth
            | Self::Text => Storage::Sealed,
        }
    }
}

/// How many values there are of each type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally([u64; FieldType::CODES]);

impl Tally {
    /// Counts one value.
    pub fn note(&mut self, kind: FieldType) {
        if let Some(n) = self.0.get_mut(usize::from(kind.code())) {
            *n += 1;
        }
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(to, n)| *to += n);
    }

    /// The types that occur, by name, in the order of their codes.
    pub fn by_type(&self) -> impl Iterator<Item = (&'static str, u64)> {
        FieldType::ALL.into_iter().filter_map(|kind| {
            let n = self.0.get(usize::from(kind.code())).copied().unwrap_or(0);
            (n > 0).then_some((kind.name(), n))
        })
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The last four characters of a normal form, or nothing when they would be half of it or more.
fn last_four(normal: &str) -> Option<String> {
    if normal.len() < 8 {
        return None;
    }
    let tail = normal.get(normal.len() - 4..)?;
    Some(shown_after_dots(tail))
}

/// `•••` and then what may be shown.
fn shown_after_dots(tail: &str) -> String {
    let mut mask = String::with_capacity(REDACTED.len() + tail.len());
    mask.push_str(REDACTED);
    mask.push_str(tail);
    mask
}
