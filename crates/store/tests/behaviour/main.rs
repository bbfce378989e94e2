//! What the store promises, run against every database it supports. A case is a function in one of the modules below;
//! a new database is one more line in `databases!`.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod audit;
mod commits;
mod consents;
mod conversations;
mod delegations;
mod feed;
mod fixtures;
mod inbound;
mod inbox;
mod isolation;
mod lists;
mod merges;
mod outbound;
mod people;
mod run_lists;
mod settings;
mod standing;
mod trouble;
mod workflows;

use countersign_store::testing::TestDatabase;

async fn sqlite() -> Option<TestDatabase> {
    Some(TestDatabase::sqlite())
}

/// A PostgreSQL that looks as if Citus had divided its tables, so that every row is written by itself.
async fn divided() -> Option<TestDatabase> {
    let database = TestDatabase::postgres().await?;
    let store = database.open().await.unwrap();
    let catalogue = "CREATE TABLE pg_dist_partition (logicalrelid regclass); \
                     INSERT INTO pg_dist_partition VALUES ('runs'::regclass)";
    store.raw(catalogue).await.unwrap();
    store.close().await;
    Some(database)
}

macro_rules! databases {
    ($(mod $database:ident opened by $open:path;)*) => {
        databases!(@each [$($database $open;)*] cases!);
    };
    (@each [$($database:ident $open:path;)*] $cases:ident!) => {
        $(mod $database { $cases!($open); })*
    };
}

macro_rules! subject {
    ($open:path, $subject:ident: $($case:ident),* $(,)?) => {
        mod $subject {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(database) = $open().await {
                    crate::$subject::$case(database).await;
                }
            })*
        }
    };
}

macro_rules! cases {
    ($open:path) => {
        subject!($open, inbound:
            processes_that_take_at_once_leave_nothing,
            what_came_in_is_taken_and_ends_once,
            a_run_that_a_source_started_is_found_however_much_came_since,
            a_message_and_what_is_to_be_done_about_it_are_one,
            what_a_platform_tells_is_kept_once_and_in_its_order, a_message_is_changed_as_it_was_read,
            a_tick_is_accepted_once,
            a_switch_moves_the_choice_of_starts,
            samples_are_kept_by_place_and_the_oldest_go,
            runs_started_by_hand_are_told_by_their_trigger,
        );
        subject!($open, outbound:
            what_happened_is_written_with_it_and_told_once, a_form_has_one_link_of_its_workspace_until_it_ends,
            an_attempt_nobody_speaks_of_is_a_doubt,
            links_and_wishes_are_kept,
        );
        subject!($open, commits:
            a_new_run_can_be_read_back,
            a_stale_commit_writes_nothing,
            a_run_starts_once,
            a_commit_needs_its_run,
            of_concurrent_commits_one_wins,
            commits_of_one_run_keep_their_order,
            a_conflict_fails_its_own_run_only,
            a_broken_commit_fails_alone,
            a_checkpoint_is_decided_once,
            a_draft_is_kept_while_its_form_is_open,
            racing_decisions_have_one_winner,
            touching_changes_only_what_is_named,
            a_checkpoint_belongs_to_its_run,
            an_attempt_is_written_over,
            an_idempotent_start_is_replayed,
            racing_idempotent_starts_make_one_run,
            messages_get_positions_in_the_commit,
            a_proven_customer_is_of_run_and_conversation,
            a_message_is_stored_once,
            a_foreign_conversation_fails_the_commit,
            everything_survives_a_reopening,
            closing_writes_what_is_queued,
        );
        subject!($open, consents:
            an_address_wants_what_it_said_last,
            a_word_its_answer_and_what_follows_are_one,
            a_mail_has_one_link_of_its_workspace,
        );
        subject!($open, delegations: a_delegation_ends_by_itself_or_at_once);
        subject!($open, standing:
            it_is_used_so_often_a_day_and_not_once_more,
            revoked_it_allows_nothing_at_once,
        );
        subject!($open, lists:
            runs_come_in_pages_newest_first,
            run_filters_narrow,
            run_counts_add_up,
            timers_come_due_in_order,
            orphans_are_claimed_once,
            checkpoints_come_in_pages,
            cursors_survive_being_text,
        );
        subject!($open, inbox:
            it_is_merged_from_whom_each_asks,
            more_audiences_than_one_statement_merges,
            what_was_decided_last_comes_first,
            what_is_shown_is_searched_a_bounded_part_at_a_time,
            what_somebody_may_not_have_is_passed_over_a_bounded_part_at_a_time,
        );
        subject!($open, run_lists:
            a_run_that_cannot_be_read_hides_no_other,
            a_word_that_means_nothing_is_an_error_where_it_is_read,
            a_search_looks_at_a_bounded_part_at_a_time,
            a_workflow_says_how_it_fares,
            several_runs_are_read_at_once,
            customers_are_named_by_a_text,
            saved_views_are_personal,
            the_dashboard_adds_up,
        );
        subject!($open, workflows:
            a_draft_is_not_overwritten,
            racing_publishes_get_their_own_numbers,
            a_list_says_what_is_published,
            publish_and_rollback_move_the_pointer,
            an_unexpected_active_version_is_refused,
            a_start_is_written_on_the_choice_it_was_decided_on,
            no_start_is_written_on_an_older_version_after_a_publish_returned,
            names_are_unique_until_archived,
            a_workflow_comes_with_all_its_test_cases_or_not_at_all,
            test_cases_are_kept,
        );
        subject!($open, people:
            addresses_are_unique_whatever_their_case,
            members_have_roles_and_groups,
            sessions_end,
            api_keys_are_found_until_revoked,
            administrators_who_demote_each_other_leave_one,
        who_is_shut_out_loses_sessions_links_and_keys_of_the_workspace,
        of_several_links_one_sets_an_account_up,
        a_token_works_once,
        );
        subject!($open, conversations:
            customers_are_recognised,
            concurrent_messages_get_gapless_positions,
            whether_a_customer_wrote_before_is_known,
            a_message_sent_twice_is_one,
            conversations_change_hands, what_is_to_leave_is_taken_by_one_and_told_on_the_message,
            when_a_customer_wrote_last_is_known_by_account_and_address,
            conversations_come_by_activity,
            what_nobody_answers_waits_for_people,
            notes_are_kept,
            what_is_put_aside_comes_back,
            a_submitted_form_brings_back_what_is_put_aside,
            nothing_is_put_aside_with_words_that_nobody_saw,
            canned_replies_are_the_workspaces,
        );
        subject!($open, merges:
            two_customers_become_one_and_two_again,
            whoever_turned_out_to_be_somebody_turns_out_to_be_whoever_they_are,
            of_two_who_merge_each_other_one_does,
        );
        subject!($open, settings:
            connectors_keep_every_revision,
            connections_have_unique_names,
            tokens_are_refreshed_by_one_and_no_change_of_the_account,
            a_state_is_taken_once,
            channel_accounts_are_found_by_channel,
            reserved_keys_are_answered_once,
            silent_nodes_are_forgotten,
            the_key_of_the_vault_is_kept_once_and_sealed_anew_by_one,
        );
        subject!($open, audit:
            the_chain_is_whole,
            concurrent_entries_make_one_chain,
            tampering_is_found,
            a_cut_off_end_is_found,
            an_export_verifies_offline,
            filters_narrow,
        );
        subject!($open, feed:
            changes_are_announced,
            what_came_in_is_announced_when_it_is_dealt_with,
            failed_commits_are_silent,
        );
        subject!($open, isolation: no_read_crosses_workspaces, no_write_crosses_workspaces);
        subject!($open, trouble:
            a_word_nobody_knows_is_corrupt,
            a_missing_event_is_corrupt,
            a_text_with_a_zero_character_is_kept_alike,
            a_newer_schema_is_refused,
            a_closed_store_says_so,
        );
    };
}

databases! {
    mod sqlite opened by crate::sqlite;
    mod postgres opened by countersign_store::testing::TestDatabase::postgres;
    mod divided opened by crate::divided;
}

/// What is tried before the tables are made.
mod unmade {
    mod sqlite {
        subject!(crate::sqlite, trouble: an_old_schema_is_named);
    }
    mod postgres {
        subject!(countersign_store::testing::TestDatabase::postgres, trouble: an_old_schema_is_named);
    }
}
