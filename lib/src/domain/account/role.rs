//! Roles: `user < viewer < developer, operator < admin`.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a person is to the service. Developer and operator stand beside each other.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everybody who has an account.
    #[default]
    User,
    /// Staff that may look.
    Viewer,
    /// Staff that may look deeper: how search ranks, what a job did.
    Developer,
    /// Staff that may act on recalls, jobs and lockouts.
    Operator,
    /// Staff that may act on people.
    Admin,
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of user, viewer, developer, operator, admin")]
pub struct UnknownRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Viewer,
        Self::Developer,
        Self::Operator,
        Self::Admin,
    ];

    /// Returns the role's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Returns whether whoever has this role may do what that one may.
    pub const fn includes(self, other: Self) -> bool {
        match other {
            Self::User => true,
            Self::Viewer => !matches!(self, Self::User),
            Self::Developer => matches!(self, Self::Developer | Self::Admin),
            Self::Operator => matches!(self, Self::Operator | Self::Admin),
            Self::Admin => matches!(self, Self::Admin),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

/// The roles of a person. Everybody is a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Roles(BTreeSet<Role>);

impl Default for Roles {
    fn default() -> Self {
        [].into_iter().collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let mut roles: BTreeSet<_> = roles.into_iter().collect();
        roles.insert(Role::User);
        Self(roles)
    }
}

impl Roles {
    /// Returns whether one of the roles includes that one.
    pub fn include(&self, role: Role) -> bool {
        self.0.iter().any(|own| own.includes(role))
    }

    /// Returns the roles' words in their order, separated by commas.
    pub fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        words.join(",")
    }

    /// Returns the roles in their order.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_roles_is_the_contracts() {
        use Role::{Admin, Developer, Operator, User, Viewer};
        let below: [(Role, &[Role]); 5] = [
            (User, &[User]),
            (Viewer, &[User, Viewer]),
            (Developer, &[User, Viewer, Developer]),
            (Operator, &[User, Viewer, Operator]),
            (Admin, &[User, Viewer, Developer, Operator, Admin]),
        ];
        for (role, includes) in below {
            for other in Role::ALL {
                assert_eq!(
                    role.includes(other),
                    includes.contains(&other),
                    "{role} {other}"
                );
            }
        }
    }

    #[test]
    fn everybody_is_a_user() {
        assert!(Roles::from_iter([Role::Viewer]).include(Role::User));
        assert_eq!(Roles::default().iter().collect::<Vec<_>>(), [Role::User]);
    }
}
