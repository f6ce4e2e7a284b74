//! The filter `metadata`, which clients write as Python does a dictionary: `{'stage': 'test'}`.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// Keys and values of a dictionary of texts, in Python's notation or in JSON; `None` where it is neither.
pub(super) fn dictionary(text: &str) -> Option<BTreeMap<String, String>> {
    let mut reader = Reader(text.chars().peekable());
    let mut all = BTreeMap::new();
    reader.symbol('{')?;
    while reader.symbol('}').is_none() {
        let key = reader.text()?;
        reader.symbol(':')?;
        all.insert(key, reader.text()?);
        if reader.symbol(',').is_none() {
            reader.symbol('}')?;
            break;
        }
    }
    reader.end().then_some(all)
}

struct Reader<'a>(Peekable<Chars<'a>>);

impl Reader<'_> {
    fn space(&mut self) {
        while self.0.next_if(char::is_ascii_whitespace).is_some() {}
    }

    fn symbol(&mut self, symbol: char) -> Option<()> {
        self.space();
        self.0.next_if_eq(&symbol).map(|_| ())
    }

    fn end(&mut self) -> bool {
        self.space();
        self.0.peek().is_none()
    }

    /// A text in either kind of quotes, or in those that Python 2 has marked as Unicode.
    fn text(&mut self) -> Option<String> {
        self.space();
        self.0.next_if_eq(&'u');
        let quote = self.0.next_if(|c| matches!(c, '\'' | '"'))?;
        let mut text = String::new();
        loop {
            match self.0.next()? {
                end if end == quote => return Some(text),
                '\\' => text.push(self.escaped()?),
                plain => text.push(plain),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        match self.0.next()? {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'x' => self.code(2),
            'u' => self.code(4),
            same @ ('\\' | '\'' | '"' | '/') => Some(same),
            _ => None,
        }
    }

    fn code(&mut self, digits: u32) -> Option<char> {
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16 + self.0.next()?.to_digit(16)?;
        }
        char::from_u32(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written, and the pairs that are meant; `None` where it is no dictionary of texts.
    type Case = (
        &'static str,
        Option<&'static [(&'static str, &'static str)]>,
    );

    #[test]
    fn what_is_read_and_what_is_not() {
        let cases: [Case; 14] = [
            ("{}", Some(&[])),
            ("{'a': 'b'}", Some(&[("a", "b")])),
            ("{\"a\":\"b\"}", Some(&[("a", "b")])),
            (" { u'a' : 'b' , 'c':'', } ", Some(&[("a", "b"), ("c", "")])),
            (r"{'it\'s': 'a\\b\n'}", Some(&[("it's", "a\\b\n")])),
            (r"{'\xe9': '\u20ac'}", Some(&[("é", "€")])),
            ("{'ключ': 'значение'}", Some(&[("ключ", "значение")])),
            ("", None),
            ("{'a'}", None),
            ("{'a': 1}", None),
            ("{'a': 'b' 'c': 'd'}", None),
            ("{'a': 'b'} x", None),
            ("{'a': 'b", None),
            ("{'a': {'b': 'c'}}", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|all| {
                let all = all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
                all.collect::<BTreeMap<_, _>>()
            });
            assert_eq!(dictionary(text), expected, "{text}");
        }
    }
}
