//! What a day came to: made once, at its end, and told to those who answer for it; and the warning before the settlement cut-off.

mod cut_off;
mod desk;
mod end_of_day;
mod mails;
mod pages;
mod walk;
