//! The tables, as diesel sees them. Must say what `migrations/` says; a test compares the two on both engines.

diesel::table! {
    institution (id) {
        id -> Text,
        only_row -> Integer,
        mode -> Text,
        dispatch_epoch -> BigInt,
        created_at -> BigInt,
        suspended_at -> Nullable<BigInt>,
        suspended_because -> Nullable<Text>,
    }
}

diesel::table! {
    branches (id) {
        id -> Text,
        code -> Text,
        region -> Text,
        township -> Text,
        name -> Text,
        is_active -> Bool,
        created_at -> BigInt,
        deactivated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        user_name -> Text,
        full_name -> Text,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        job_title -> Nullable<Text>,
        branch_id -> Text,
        is_account_manager -> Bool,
        is_active -> Bool,
        password_hash -> Text,
        password_set_at -> BigInt,
        created_at -> BigInt,
        first_name -> Nullable<Text>,
        middle_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        name_folded -> Text,
        must_set_password -> Bool,
        last_sign_in_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_failures (user_name, address) {
        user_name -> Text,
        address -> Text,
        failures -> Integer,
        last_at -> BigInt,
        locked_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    once_keys (once_key) {
        once_key -> Text,
        user_id -> Text,
        location -> Text,
        flash -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        user_id -> Text,
        branch_id -> Text,
        action -> Text,
        given_by -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        ended_by -> Nullable<Text>,
        confirmed_by -> Nullable<Text>,
        confirmed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    fsps (id) {
        id -> Text,
        name -> Text,
        is_active -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    funding_accounts (id) {
        id -> Text,
        name -> Text,
        sdk -> Text,
        fsp_id -> Text,
        currency -> Text,
        payer_id_type -> Text,
        payer_id_value -> Text,
        fee_limit -> BigInt,
        state -> Text,
        stopped_code -> Nullable<Text>,
        stopped_at -> Nullable<BigInt>,
        created_at -> BigInt,
        stopped_reason -> Nullable<Text>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        epoch -> BigInt,
        until_at -> BigInt,
    }
}

diesel::table! {
    content_sightings (content_digest) {
        content_digest -> Text,
        seen -> BigInt,
    }
}

diesel::table! {
    batches (id) {
        id -> Text,
        reference -> Text,
        name -> Text,
        client_reference -> Nullable<Text>,
        branch_id -> Text,
        payment_type -> Text,
        channel -> Text,
        funding_account_id -> Text,
        to_fsp -> Nullable<Text>,
        currency -> Text,
        profile -> Text,
        content_digest -> Text,
        content_seen -> BigInt,
        corrects_batch_id -> Nullable<Text>,
        state -> Text,
        state_at -> BigInt,
        pause_reason -> Nullable<Text>,
        pause_code -> Nullable<Text>,
        resume_at -> Nullable<BigInt>,
        pauses -> Integer,
        seal -> Nullable<Text>,
        fee_limit -> BigInt,
        errors -> BigInt,
        warnings -> BigInt,
        notes -> BigInt,
        total -> BigInt,
        waiting -> BigInt,
        paying -> BigInt,
        succeeded -> BigInt,
        failed -> BigInt,
        in_doubt -> BigInt,
        needs_attention -> BigInt,
        cancelled -> BigInt,
        excluded -> BigInt,
        sum_total -> BigInt,
        sum_waiting -> BigInt,
        sum_paying -> BigInt,
        sum_succeeded -> BigInt,
        sum_failed -> BigInt,
        sum_in_doubt -> BigInt,
        sum_needs_attention -> BigInt,
        sum_cancelled -> BigInt,
        sum_excluded -> BigInt,
        created_by -> Text,
        created_at -> BigInt,
        submitted_by -> Nullable<Text>,
        submitted_at -> Nullable<BigInt>,
        started_at -> Nullable<BigInt>,
        processed_at -> Nullable<BigInt>,
        pay_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    batch_makers (batch_id, user_id) {
        batch_id -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    batch_files (id) {
        id -> Text,
        batch_id -> Text,
        name -> Text,
        size_bytes -> BigInt,
        content_digest -> Text,
        uploaded_by -> Text,
        uploaded_at -> BigInt,
    }
}

diesel::table! {
    batch_file_pieces (file_id, position) {
        file_id -> Text,
        position -> Integer,
        bytes -> Binary,
    }
}

diesel::table! {
    findings (batch_id, position) {
        batch_id -> Text,
        position -> BigInt,
        line -> BigInt,
        column_name -> Nullable<Text>,
        severity -> Text,
        kind -> Text,
        value -> Nullable<Text>,
        details -> Text,
    }
}

diesel::table! {
    acknowledgements (batch_id, kind) {
        batch_id -> Text,
        kind -> Text,
        reason -> Text,
        user_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    decisions (batch_id) {
        batch_id -> Text,
        decision -> Text,
        reason -> Nullable<Text>,
        user_id -> Text,
        at -> BigInt,
        seal -> Text,
        row_count -> BigInt,
        excluded_lines -> Text,
        sum -> BigInt,
        currency -> Text,
    }
}

diesel::table! {
    approvals_again (batch_id, at) {
        batch_id -> Text,
        at -> BigInt,
        user_id -> Text,
        seal -> Text,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    transfers (id) {
        id -> Text,
        home_transaction_id -> Text,
        batch_id -> Text,
        line -> BigInt,
        branch_id -> Text,
        reference -> Text,
        payee_name -> Text,
        payee_name_folded -> Text,
        id_type -> Text,
        id_value -> Text,
        sub_id -> Nullable<Text>,
        to_fsp -> Nullable<Text>,
        amount -> BigInt,
        currency -> Text,
        note -> Text,
        extra -> Text,
        row_digest -> Text,
        state -> Text,
        n -> Integer,
        attempt_id -> Nullable<Text>,
        tries -> Integer,
        asks -> Integer,
        next_at -> Nullable<BigInt>,
        refused -> Bool,
        payee_fsp -> Nullable<Text>,
        resolved_name -> Nullable<Text>,
        looked_up_at -> Nullable<BigInt>,
        fee -> Nullable<BigInt>,
        transfer_id -> Nullable<Text>,
        recorded_by -> Nullable<Text>,
        recorded_expires_at -> Nullable<BigInt>,
        recorded_until -> Nullable<BigInt>,
        doubt_since -> Nullable<BigInt>,
        unshown_since -> Nullable<BigInt>,
        unshown_count -> Integer,
        code -> Nullable<Text>,
        reason -> Nullable<Text>,
        settled_at -> Nullable<BigInt>,
        tries_limited -> Integer,
        superseded_by -> Nullable<Text>,
    }
}

diesel::table! {
    attempts (id) {
        id -> Text,
        row_id -> Text,
        purpose -> Text,
        n -> Integer,
        transfer_id -> Text,
        worker -> Text,
        claimed_at -> BigInt,
        prepare -> Nullable<Text>,
        prepare_expires_at -> Nullable<BigInt>,
        recorded_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        code -> Nullable<Text>,
    }
}

diesel::table! {
    replies (attempt_id, position) {
        attempt_id -> Text,
        position -> Integer,
        call -> Text,
        transfer_id -> Nullable<Text>,
        sent_at -> BigInt,
        took_us -> BigInt,
        http_status -> Nullable<Integer>,
        verdict -> Text,
        code -> Nullable<Text>,
        body -> Text,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Text,
        at -> BigInt,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Text,
        branch_id -> Nullable<Text>,
        batch_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        changes -> Text,
    }
}

diesel::table! {
    audit_seals (sequence) {
        sequence -> BigInt,
        event_id -> Text,
        digest -> Text,
    }
}

diesel::table! {
    audit_unsealed (event_id) {
        event_id -> Text,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
        changed_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    user_periods (user_id, from_at) {
        user_id -> Text,
        from_at -> BigInt,
        until_at -> Nullable<BigInt>,
        is_active -> Bool,
        is_account_manager -> Bool,
    }
}

diesel::table! {
    password_links (id) {
        id -> Text,
        user_id -> Nullable<Text>,
        kind -> Text,
        way -> Text,
        digest -> Text,
        made_by -> Text,
        made_at -> BigInt,
        until_at -> BigInt,
        used_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (key_digest) {
        key_digest -> Text,
        id -> Text,
        stage -> Text,
        state -> Text,
        user_id -> Nullable<Text>,
        browser -> Text,
        address -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Text,
        version -> Integer,
        state -> Text,
        key_id -> Text,
        secret -> Binary,
        first_at -> BigInt,
        confirmed_at -> BigInt,
        last_step -> BigInt,
        wrong_codes -> Integer,
        locked_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    enrolment_codes (user_id) {
        user_id -> Text,
        hash -> Text,
        made_at -> BigInt,
        until_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, digest) {
        user_id -> Text,
        digest -> Text,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    second_factor_requests (id) {
        id -> Text,
        user_id -> Text,
        reason -> Text,
        browser -> Text,
        address -> Text,
        asked_at -> BigInt,
        state -> Text,
        proposed_by -> Nullable<Text>,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        decided_because -> Nullable<Text>,
    }
}

diesel::table! {
    confirmations (id) {
        id -> Text,
        kind -> Text,
        user_id -> Nullable<Text>,
        change -> Text,
        asked_by -> Text,
        asked_at -> BigInt,
        state -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        decided_because -> Nullable<Text>,
    }
}

diesel::table! {
    roles (id) {
        id -> Text,
        name -> Text,
        actions -> Text,
        made_by -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        user_id -> Nullable<Text>,
        address -> Text,
        letter -> Text,
        state -> Text,
        tries -> Integer,
        next_at -> Nullable<BigInt>,
        until_at -> Nullable<BigInt>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        trouble -> Nullable<Text>,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        batch_id -> Nullable<Text>,
        details -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    gatherings (user_id) {
        user_id -> Text,
        last_at -> BigInt,
    }
}

diesel::table! {
    mail_choices (user_id, kind) {
        user_id -> Text,
        kind -> Text,
        wanted -> Bool,
    }
}

diesel::table! {
    resolutions (id) {
        id -> Text,
        row_id -> Text,
        batch_id -> Text,
        transfer_id -> Text,
        n -> Integer,
        outcome -> Text,
        note -> Text,
        evidence -> Text,
        proposed_by -> Text,
        proposed_at -> BigInt,
        state -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        decided_because -> Nullable<Text>,
        next_at -> Nullable<BigInt>,
        executable_until -> Nullable<BigInt>,
        remembered_until -> Nullable<BigInt>,
        unshown_since -> Nullable<BigInt>,
        unshown_count -> Integer,
        heard -> Nullable<Text>,
        heard_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    alarms (id) {
        id -> Text,
        kind -> Text,
        row_id -> Text,
        batch_id -> Text,
        branch_id -> Text,
        transfer_id -> Text,
        raised_at -> BigInt,
        state -> Text,
        acknowledged_by -> Nullable<Text>,
        acknowledged_at -> Nullable<BigInt>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    day_reports (day) {
        day -> Text,
        from_at -> BigInt,
        until_at -> BigInt,
        made_at -> BigInt,
        made_by -> Text,
        content -> Text,
    }
}

diesel::table! {
    cut_off_mails (day, user_id) {
        day -> Text,
        user_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    breakers (funding_account_id, whom) {
        funding_account_id -> Text,
        whom -> Text,
        ailment -> Text,
        since -> BigInt,
        retry_at -> BigInt,
        times -> Integer,
    }
}

diesel::joinable!(transfers -> batches (batch_id));
diesel::joinable!(batches -> branches (branch_id));
diesel::joinable!(batches -> funding_accounts (funding_account_id));
diesel::joinable!(grants -> branches (branch_id));
diesel::joinable!(decisions -> batches (batch_id));
diesel::joinable!(approvals_again -> batches (batch_id));
diesel::joinable!(batch_makers -> batches (batch_id));
diesel::joinable!(funding_accounts -> fsps (fsp_id));
diesel::joinable!(users -> branches (branch_id));
diesel::joinable!(audit_seals -> audit_events (event_id));
diesel::joinable!(attempts -> transfers (row_id));
diesel::joinable!(replies -> attempts (attempt_id));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(password_links -> users (user_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(second_factor_requests -> users (user_id));
diesel::joinable!(outbox -> users (user_id));
diesel::joinable!(notices -> users (user_id));
diesel::joinable!(user_periods -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(resolutions -> batches (batch_id));

diesel::allow_tables_to_appear_in_same_query!(
    institution,
    branches,
    users,
    sign_in_failures,
    once_keys,
    grants,
    fsps,
    funding_accounts,
    leases,
    content_sightings,
    batches,
    batch_makers,
    batch_files,
    batch_file_pieces,
    findings,
    acknowledgements,
    decisions,
    approvals_again,
    transfers,
    attempts,
    replies,
    audit_events,
    audit_seals,
    audit_unsealed,
    settings,
    user_periods,
    password_links,
    sessions,
    second_factors,
    enrolment_codes,
    recovery_codes,
    second_factor_requests,
    confirmations,
    roles,
    outbox,
    notices,
    gatherings,
    mail_choices,
    resolutions,
    alarms,
    day_reports,
    cut_off_mails,
    breakers,
);
