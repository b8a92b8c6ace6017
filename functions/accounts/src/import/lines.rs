//! A file as lines, while its bytes come in: no line is held that is too long to be a row.

/// The longest line that may be a row, in bytes.
pub(super) const LINE_MOST: usize = 16_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Where the next one begins, in bytes from the beginning of the file.
    pub(super) end: u64,
    /// What it says, without its end; nothing when that is too long to be held.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Cuts bytes into lines.
#[derive(Debug)]
pub(super) struct Lines {
    held: Vec<u8>,
    too_long: bool,
    number: u64,
    offset: u64,
}

impl Lines {
    /// Begins after so many lines and bytes.
    pub(super) fn after(number: u64, offset: u64) -> Self {
        Self {
            held: Vec::new(),
            too_long: false,
            number,
            offset,
        }
    }

    /// Takes the next bytes and returns the lines that end in them.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            self.hold(&bytes[..at]);
            self.offset += 1;
            lines.push(self.cut());
            bytes = &bytes[at + 1..];
        }
        self.hold(bytes);
        lines
    }

    /// Returns the last line, if the file does not end with the end of one.
    pub(super) fn finish(&mut self) -> Option<Line> {
        (self.too_long || !self.held.is_empty()).then(|| self.cut())
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if self.too_long || self.held.len() + bytes.len() > LINE_MOST {
            self.too_long = true;
            self.held = Vec::new();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn cut(&mut self) -> Line {
        self.number += 1;
        let mut bytes = std::mem::take(&mut self.held);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Line {
            number: self.number,
            end: self.offset,
            bytes: (!std::mem::take(&mut self.too_long)).then_some(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(file: &[u8], step: usize) -> Vec<Line> {
        let mut lines = Lines::after(0, 0);
        let mut cut: Vec<_> = file
            .chunks(step)
            .flat_map(|bytes| lines.take(bytes))
            .collect();
        cut.extend(lines.finish());
        cut
    }

    fn line(number: u64, end: u64, text: &str) -> Line {
        Line {
            number,
            end,
            bytes: Some(text.into()),
        }
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_come() {
        let expected = [
            line(1, 2, "a"),
            line(2, 3, ""),
            line(3, 7, "bc"),
            line(4, 8, "d"),
        ];
        for step in 1..9 {
            assert_eq!(cut(b"a\n\nbc\r\nd", step), expected, "{step}");
        }
        assert_eq!(cut(b"", 1), []);
        assert_eq!(cut(b"a\n", 1), [line(1, 2, "a")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_named_and_the_next_one_is_whole() {
        let mut file = vec![b'x'; 400_000];
        file.extend_from_slice(b"\nnext");
        for step in [1_000, 16_001, 500_000] {
            let lines = cut(&file, step);
            assert_eq!((lines[0].number, lines[0].end), (1, 400_001));
            assert_eq!(lines[0].bytes, None);
            assert_eq!(lines[1], line(2, 400_005, "next"));
        }
        let fits = vec![b'x'; LINE_MOST];
        assert!(cut(&fits, 7)[0].bytes.is_some());
    }

    #[test]
    fn numbers_and_places_go_on_where_the_reading_does() {
        let mut lines = Lines::after(7, 100);
        assert_eq!(lines.take(b"a\n"), [line(8, 102, "a")]);
    }
}
