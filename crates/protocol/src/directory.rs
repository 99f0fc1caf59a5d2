//! The directory of a company, kept current by another program (R002-01, R002-02).

use crate::Millis;
use crate::id::UserId;
use crate::text::{AvatarHash, DisplayName, TextError};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The name that the source has for a person or a department: 1–128 Unicode scalars without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalId(String);

impl ExternalId {
    pub const MAX: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExternalId {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        match (text.chars().count(), text.chars().find(|c| c.is_control())) {
            (_, Some(c)) => Err(TextError::Character(c.into())),
            (0, None) => Err(TextError::Empty),
            (len, None) if len > Self::MAX => Err(TextError::TooLong { max: Self::MAX, len }),
            _ => Ok(Self(text)),
        }
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> String {
        id.0
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether somebody belongs to the company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    #[default]
    Internal,
    External,
}

/// A department as the source knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    pub external_id: ExternalId,
    pub name: DisplayName,
    /// The department above, which must be known; none at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExternalId>,
    /// Its place among its siblings; those of one place stand by name.
    #[serde(default)]
    pub place: u32,
}

/// `PUT /admin/directory/departments`: at most 1,000, in the order given, so that parents come before children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutDepartments {
    pub departments: Vec<Department>,
}

/// `GET /admin/directory/departments?after=`: by external id, at most 500 a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentsPage {
    pub departments: Vec<Department>,
    pub more: bool,
}

/// `PUT /admin/directory/departments/removed`: at most 1,000. The people and departments below one that goes move up to
/// the one above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveDepartments {
    pub departments: Vec<ExternalId>,
}

/// A person as the source knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub external_id: ExternalId,
    /// The source's count of changes of this person, below [`Person::VERSION_LIMIT`]: what is not later than what is known
    /// is passed over.
    #[serde(deserialize_with = "version")]
    pub version: u64,
    pub display_name: DisplayName,
    #[serde(default)]
    pub kind: PersonKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<DisplayName>,
    /// Known departments.
    #[serde(default)]
    pub departments: Vec<ExternalId>,
    /// False: nobody can log in as this person any more, and their logins end.
    #[serde(default = "yes")]
    pub active: bool,
}

impl Person {
    /// What a version must stay below, so that the server can count on from any.
    pub const VERSION_LIMIT: u64 = 1 << 62;
}

fn version<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let version = u64::deserialize(from)?;
    match version < Person::VERSION_LIMIT {
        true => Ok(version),
        false => Err(D::Error::custom("expected a version below 2^62")),
    }
}

fn yes() -> bool {
    true
}

/// `PUT /admin/directory/people`: at most 1,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutPeople {
    pub people: Vec<Person>,
}

/// The most items of one request.
pub const BATCH: usize = 1_000;

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Stored,
    /// As late a version was known, or what is to be removed is not there: nothing changed.
    Known,
    /// The department is gone.
    Removed,
    /// The parent, or a department, is unknown.
    UnknownDepartment,
    /// The department would stand below itself.
    Circle,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    pub external_id: ExternalId,
    pub outcome: Outcome,
}

/// What became of each item, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    pub results: Vec<Stored>,
}

/// A person with the account that they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub account: UserId,
    #[serde(flatten)]
    pub person: Person,
}

/// `GET /admin/directory/people?after=&query=`: by external id, at most 500 a page; with a query those whose name, handle
/// or external id contains it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeoplePage {
    pub people: Vec<Listed>,
    pub more: bool,
}

/// `POST /admin/directory/people/{id}/invitation`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// How long the link lets in, in seconds: 60 to 2,592,000 (30 days); 7 days when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_s: Option<u32>,
}

impl Invite {
    pub const VALID_S: u32 = 7 * 86_400;
    pub const VALID_S_MIN: u32 = 60;
    pub const VALID_S_MAX: u32 = 30 * 86_400;
}

/// A link that lets a person in once, told this once: the server keeps its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// The path of the page, to be put behind the server's origin.
    pub path: String,
    pub expires_at: Millis,
}

/// Who changed a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    Source,
    /// The person, in Sixin.
    Person,
}

/// What one side made of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub by: Author,
    pub version: u64,
    pub display_name: DisplayName,
}

/// Both sides changed a person without knowing of each other (R002-02).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Ascending.
    pub id: u64,
    pub external_id: ExternalId,
    pub at: Millis,
    pub kept: Claim,
    pub lost: Claim,
}

/// `GET /admin/directory/conflicts?after=`: the oldest first, at most 500 a page. The newest 10,000 are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictsPage {
    pub conflicts: Vec<Conflict>,
    pub more: bool,
}

/// What both sides of the directory may change of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    DisplayName,
    Avatar,
}

/// What the webhook is told: a person changed themselves in Sixin. With it goes `id`, the same whenever it is told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonChanged {
    pub external_id: ExternalId,
    pub account: UserId,
    /// One more than the version known before: the source takes it if that is later than its own.
    pub version: u64,
    pub at: Millis,
    pub changed: PersonField,
    /// As it is now, whatever changed.
    pub display_name: DisplayName,
    /// The picture, which `GET /admin/directory/people/{id}/avatar` answers.
    pub avatar: Option<AvatarHash>,
}
