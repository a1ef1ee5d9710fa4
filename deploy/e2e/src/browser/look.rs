//! How a viewer looks at a page: the size of the window, and whether their system is dark.

use std::fmt;

/// What a viewer has before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// On a phone held upright, else on a desktop.
    pub is_phone: bool,
    /// The system is dark.
    pub is_dark: bool,
}

impl Look {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self { is_phone: false, is_dark: false },
        Self { is_phone: false, is_dark: true },
        Self { is_phone: true, is_dark: false },
        Self { is_phone: true, is_dark: true },
    ];

    pub(super) fn size(self) -> (u32, u32) {
        if self.is_phone { (390, 844) } else { (1280, 900) }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = if self.is_phone { "phone" } else { "desktop" };
        write!(f, "{device}, {}", if self.is_dark { "dark" } else { "light" })
    }
}
