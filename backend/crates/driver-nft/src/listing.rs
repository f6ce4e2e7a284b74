//! What the kernel lists of a table, in one order: two listings of the same rules are alike, however they came about.

/// The elements of a set come in the order of a hash table, the sets and chains of a table in that of their making, which
/// is another one after a change than where all was written at once. Both are sorted; rules stay in their order.
pub(crate) fn in_order(listing: &str) -> String {
    sorted_blocks(&sorted_elements(listing))
}

fn sorted_elements(listing: &str) -> String {
    let mut out = String::with_capacity(listing.len());
    let mut rest = listing;
    while let Some((before, found)) = rest.split_once("elements = {") {
        let (inside, after) = found.split_once('}').unwrap_or((found, ""));
        let mut elements: Vec<String> = inside
            .split(',')
            .map(|element| element.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        elements.sort_unstable();
        out += before;
        out += "elements = {";
        out += &elements.join(",");
        out += "}";
        rest = after;
    }
    out + rest
}

/// A set, a map or a chain begins and ends with one tab.
fn sorted_blocks(listing: &str) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut block = String::new();
    let (mut head, mut tail) = (String::new(), String::new());
    for line in listing.lines().filter(|line| !line.trim().is_empty()) {
        let inside = line.starts_with('\t');
        let outer = match (inside, blocks.is_empty() && block.is_empty()) {
            (true, _) => &mut block,
            (false, true) => &mut head,
            (false, false) => &mut tail,
        };
        outer.push_str(line);
        outer.push('\n');
        if line == "\t}" {
            blocks.push(std::mem::take(&mut block));
        }
    }
    blocks.sort_unstable();
    head + &blocks.concat() + &block + &tail
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: &str = "table inet zun_1 {
\tset members {
\t\ttype ipv4_addr
\t\telements = { 10.0.0.2,
\t\t\t     10.0.0.3 }
\t}

\tchain first {
\t\ttcp dport 80 accept
\t\tdrop
\t}

\tchain second {
\t\taccept
\t}
}
";
    const BY_AND_BY: &str = "table inet zun_1 {
\tchain second {
\t\taccept
\t}

\tset members {
\t\ttype ipv4_addr
\t\telements = { 10.0.0.3, 10.0.0.2 }
\t}

\tchain first {
\t\ttcp dport 80 accept
\t\tdrop
\t}
}
";

    #[test]
    fn the_order_of_making_does_not_matter() {
        assert_eq!(in_order(AT_ONCE), in_order(BY_AND_BY));
    }

    #[test]
    fn the_order_of_rules_does() {
        let turned = AT_ONCE.replace(
            "\t\ttcp dport 80 accept\n\t\tdrop",
            "\t\tdrop\n\t\ttcp dport 80 accept",
        );
        assert_ne!(in_order(AT_ONCE), in_order(&turned));
        let less = AT_ONCE.replace("10.0.0.2,", "");
        assert_ne!(in_order(AT_ONCE), in_order(&less));
    }
}
