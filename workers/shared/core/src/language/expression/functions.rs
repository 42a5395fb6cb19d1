//! The functions that expressions may call.
//!
//! Each is pure: the same arguments give the same result, on any machine and at any time. A call without an exact answer
//! is an error, which makes the item *invalid*; a function never guesses.

use crate::language::expression::checking::types::Type;

/// How a function is called and what it gives, for the checks and the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, as they are written.
    pub takes: &'static str,
    /// Whether it is written after its first argument, as in `item.name.startsWith('a')`.
    pub style: Style,
    /// The type of what it gives.
    pub result: Type,
    /// What it gives, and when it cannot be answered.
    pub gives: &'static str,
    /// A call.
    pub example: &'static str,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `name(first, second)`.
    Plain,
    /// `first.name(second)`.
    Method,
    /// Either way.
    Either,
}

macro_rules! functions {
    ($($variant:ident $style:ident $result:ident $name:literal $takes:literal $gives:literal $example:literal)*) => {
        /// A function that is called with values. (`extract` and `matches` take a pattern, which is compiled before.)
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Function { $($variant),* }

        /// Every function, in the order of the reference.
        pub const FUNCTIONS: &[Signature] = &[
            Signature {
                name: "extract",
                takes: "(string, pattern)",
                style: Style::Plain,
                result: Type::Map,
                gives: "a map of the pattern's named groups; groups that did not match are left out. The pattern is a fixed string, a regular expression as in Rust's crate `regex`. Invalid where it does not match",
                example: "extract(item.address, r'^(?<street>[^,]+), *(?<city>.+)$')",
            },
            Signature {
                name: "matches",
                takes: "(string, pattern)",
                style: Style::Either,
                result: Type::Bool,
                gives: "whether a part of the string matches the pattern, which is a fixed string",
                example: "item.zip.matches(r'^[0-9]{5}$')",
            },
            $(Signature {
                name: $name,
                takes: $takes,
                style: Style::$style,
                result: Type::$result,
                gives: $gives,
                example: $example,
            }),*
        ];

        impl Function {
            /// The function of this name.
            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    Split Plain List "split" "(string, separator)" "a list of the parts of the string between separators. The separator is not empty" "split(item.tags, ',')"
    Join Plain Text "join" "(list, separator)" "one string that joins the strings of a list or set" "join(item.names, ' ')"
    Trim Plain Text "trim" "(string)" "the string without white space at its ends" "trim(item.name)"
    Lower Plain Text "lower" "(string)" "the string in lower case, by Unicode's rules for no particular language" "lower(item.email)"
    Upper Plain Text "upper" "(string)" "the string in upper case, by Unicode's rules for no particular language" "upper(item.state)"
    Number Plain Number "number" "(value)" "the number that a decimal string holds, exactly; a number as it is. Invalid where the string is not a decimal number of at most 38 digits" "number(item.price)"
    Decimal Plain Number "decimal" "(value)" "a number, or the number that a decimal string holds, to compute with exactly: `+`, `-`, `*`, `/` and `%` with it on either side have up to 38 digits. Invalid where a result would have to be rounded" "decimal(item.price) * 100"
    Text Plain Text "string" "(value)" "the string of a number (its decimal digits), of a boolean, or of binary that is UTF-8; a string as it is" "string(item.count)"
    Int Plain Number "int" "(value)" "the integer that a string holds; an integer as it is. Invalid for a fraction: nothing is cut off" "int(item.count)"
    Boolean Plain Bool "bool" "(value)" "the boolean that the string `true` or `false` is; a boolean as it is" "bool(item.active)"
    EpochSeconds Plain Number "epoch_seconds" "(string)" "the seconds since 1970 of an ISO 8601 time with its offset; a fraction is kept" "epoch_seconds(item.createdAt)"
    IsoTime Plain Text "iso_time" "(number)" "the ISO 8601 time in UTC of seconds since 1970" "iso_time(item.createdAt)"
    StringSet Plain Set "string_set" "(list)" "a set of strings, of a list that is not empty" "string_set(split(item.tags, ','))"
    NumberSet Plain Set "number_set" "(list)" "a set of numbers, of a list that is not empty" "number_set([1, 2])"
    BinarySet Plain Set "binary_set" "(list)" "a set of binary values, of a list that is not empty" "binary_set([binary(item.hash)])"
    FromBase64 Plain Bytes "binary" "(string)" "the bytes that a base64 string holds" "binary(item.image)"
    ToBase64 Plain Text "base64" "(binary)" "the base64 string of bytes" "base64(item.image)"
    Bytes Plain Bytes "bytes" "(string)" "the UTF-8 bytes of a string" "bytes(item.name)"
    Sha256 Plain Text "sha256" "(value)" "the SHA-256 of a string's UTF-8 bytes, or of binary, as 64 hexadecimal digits" "sha256(lower(item.email))"
    UuidFrom Plain Text "uuid_from" "(namespace, name)" "the UUID of version 5 (RFC 9562) of a name within a namespace, which is a UUID as a string: the same for the same name, in every program" "uuid_from('6ba7b811-9dad-11d1-80b4-00c04fd430c8', item.url)"
    Type Plain Text "type" "(value)" "DynamoDB's name of the value's type: `S`, `N`, `B`, `BOOL`, `NULL`, `M`, `L`, `SS`, `NS`, `BS`" "type(item.price) == 'S'"
    Size Either Number "size" "(value)" "how many characters a string has, how many bytes binary has, how many elements a list or set has, how many entries a map has" "size(item.tags) > 0"
    Contains Method Bool "contains" "(part)" "whether a string contains another" "item.name.contains(' ')"
    StartsWith Method Bool "startsWith" "(prefix)" "whether a string begins with another" "key.sk.startsWith('ORDER#')"
    EndsWith Method Bool "endsWith" "(suffix)" "whether a string ends with another" "item.name.endsWith('.pdf')"
}

impl Function {
    /// How it is called and what it gives.
    pub(crate) fn signature(self) -> &'static Signature {
        // `extract` and `matches` come first and are not among the variants.
        &FUNCTIONS[2 + self as usize]
    }
}

impl Signature {
    /// The function of this name, `extract` and `matches` included.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }

    /// How many arguments it takes; the value that a method is called on counts as one.
    pub(crate) fn arity(&self) -> usize {
        self.takes.split(',').count() + usize::from(self.style == Style::Method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_its_own_signature_and_gives_one_known_type() {
        for signature in FUNCTIONS {
            assert_ne!(signature.result, Type::Unknown, "{}", signature.name);
            let function = Function::named(signature.name);
            assert!(function.is_none_or(|function| function.signature() == signature), "{}", signature.name);
        }
        assert_eq!(Function::EndsWith.signature().name, "endsWith");
    }
}
