//! How many rows of each batch are taken in hand: so many that the recorder's groups are large, so few that there is always room for one
//! batch more.

/// Less than this part of its share is not worth a claim, unless nothing of the batch is in hand.
const WORTH_CLAIMING: usize = 4;

/// How many more rows each of these batches may take in hand, from how many of it are there. `most`: rows of all of them.
pub fn shares(most: usize, in_hand: &[usize]) -> Vec<usize> {
    // One share more than there are batches: a batch that comes finds it free.
    let share = (most / in_hand.len().saturating_add(1)).max(1);
    let mut free = most.saturating_sub(in_hand.iter().sum());
    let mut take = |in_hand: &usize| {
        let wanted = share.saturating_sub(*in_hand);
        let is_worth_it = *in_hand == 0 || wanted.saturating_mul(WORTH_CLAIMING) >= share;
        // A batch of which nothing is in hand gets a row even where the house is full: nobody waits for the others' end.
        let least = usize::from(*in_hand == 0);
        let taken = if is_worth_it { wanted.min(free).max(least) } else { 0 };
        free = free.saturating_sub(taken);
        taken
    };
    in_hand.iter().map(&mut take).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_batch_alone_leaves_room_for_another() {
        assert_eq!(shares(512, &[0]), [256]);
        assert_eq!(shares(512, &[256, 0]), [0, 170], "the small one need not wait for the large one's rows");
        assert_eq!(shares(512, &[170, 170, 0]), [0, 0, 128]);
        assert_eq!(shares(512, &[200]), [0], "not worth a claim yet");
        assert_eq!(shares(512, &[190]), [66]);
        assert_eq!(shares(4, &[1, 1, 1, 1, 0]), [0, 0, 0, 0, 1]);
        assert_eq!(shares(512, &[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn nobody_is_left_out_and_nobody_takes_it_all(most in 1_usize..2_000, in_hand in proptest::collection::vec(0_usize..600, 0..40)) {
            let taken = shares(most, &in_hand);
            let share = (most / (in_hand.len() + 1)).max(1);
            for (before, taken) in in_hand.iter().zip(&taken) {
                prop_assert!(*before > 0 || *taken > 0);
                prop_assert!(*taken == 0 || before + taken <= share);
            }
            let newcomers = in_hand.iter().filter(|before| **before == 0).count();
            let before: usize = in_hand.iter().sum();
            prop_assert!(before + taken.iter().sum::<usize>() <= most.max(before) + newcomers);
        }
    }
}
