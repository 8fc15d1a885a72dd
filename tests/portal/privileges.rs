//! Who may do what: given as sets, checked before it is saved, confirmed by the other account manager where it matters, and told why.

mod change;
mod desk;
mod largest;
mod pages;
mod reports;
mod rules;
mod why;
