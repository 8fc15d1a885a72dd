//! Who exists, and where: everybody, at one of four FSPs, decided by their digits.

use crate::simulator::fault::stable_hash;

/// The FSPs of the simulated network, id and name: three wallets, then the bank that holds account numbers and IBANs.
pub const FSPS: [(&str, &str); 4] = [("kbzpay", "KBZPay"), ("wavemoney", "WaveMoney"), ("ayapay", "AYA Pay"), ("cbbank", "CB Bank")];
const BANK: &str = "cbbank";

const FIRST: &[&str] =
    &["Aung", "Hla", "Khin", "Kyaw", "May", "Min", "Mya", "Nilar", "Su", "Thandar", "Thet", "Zaw", "Win", "Ei", "Nan", "Yin"];
const MIDDLE: &[&str] = &["Myo", "Moe", "Phyu", "San", "Thida", "Htet", "Mon", "Ko", "Zin", "Sandar", "Nyein", "Lin"];
const LAST: &[&str] = &["Aye", "Htun", "Htwe", "Kyi", "Lwin", "Maung", "Naing", "Oo", "Soe", "Thein", "Tun", "Win", "Zaw", "Hlaing"];

/// A party as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub fsp: &'static str,
    pub name: String,
}

/// The party behind an id: the same answer for ever. `moved` names the FSP it went to, where it moved.
pub fn look_up(id_type: &str, id_value: &str, moved: bool) -> Entry {
    let number = stable_hash(&[id_type.as_bytes(), b"\0", id_value.as_bytes()]);
    let pick = |list: &[&'static str], part: u64| nth(list, number.rotate_right(u32::try_from(part).unwrap_or(0)));
    let home = if matches!(id_type, "ACCOUNT_ID" | "IBAN") { BANK } else { pick(&FSPS.map(|(id, _)| id), 40) };
    let fsp = if moved { next_after(home) } else { home };
    Entry { fsp, name: format!("{} {} {}", pick(FIRST, 8), pick(MIDDLE, 16), pick(LAST, 24)) }
}

fn nth(list: &[&'static str], number: u64) -> &'static str {
    let length = u64::try_from(list.len()).unwrap_or(1).max(1);
    list.get(usize::try_from(number % length).unwrap_or(0)).copied().unwrap_or(BANK)
}

fn next_after(fsp: &str) -> &'static str {
    FSPS.into_iter().map(|(id, _)| id).cycle().skip_while(|known| *known != fsp).nth(1).unwrap_or(BANK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lives_at_one_fsp_for_ever_and_a_move_leads_to_another() {
        let here = look_up("MSISDN", "959777123456", false);
        assert_eq!(here, look_up("MSISDN", "959777123456", false));
        let there = look_up("MSISDN", "959777123456", true);
        assert_ne!(here.fsp, there.fsp);
        assert_eq!(here.name, there.name);
        assert_eq!(look_up("ACCOUNT_ID", "0012003400056", false).fsp, "cbbank");
    }

    #[test]
    fn people_are_spread_over_all_fsps() {
        for (fsp, _) in FSPS {
            let here = (0..400).filter(|n| look_up("MSISDN", &format!("9597771{n:05}"), false).fsp == fsp).count();
            assert!(here > 50, "{fsp}: {here}");
        }
    }
}
