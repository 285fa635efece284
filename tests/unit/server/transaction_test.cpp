// Which fields a transaction writes, takes out and seals.
#include "tests/support/transaction_fixture.hpp"

#include "auth/arc/validate_chain.hpp"
#include "auth/dkim/sign.hpp"

#include <functional>

namespace gatepost::server {
namespace {

namespace asio = boost::asio;
using tests::domain_name;

class TransactionTest : public tests::TransactionFixture {
  protected:
    static asio::awaitable<int> fetch(auth::arc::Validator& validator, dns::Resolver& resolver) {
        co_await validator.fetch_keys(resolver);
        co_return 0;
    }
    auth::arc::Chain validate(const std::string& header, const std::string& body) {
        auth::arc::Validator validator(auth::HeaderBlock::parse(header), {},
                                       std::chrono::system_clock::now());
        tests::run(fetch(validator, zone_));
        validator.body(body);
        return validator.finish();
    }

    // Of those that meet `when`, in an hour.
    void allow_one_message(const char* id, const policy::Condition& when) {
        policy::RateLimit limit;
        limit.id = id;
        limit.when = when;
        config_.policy.rate_limits = {limit};
    }

    // The names of the fields, in their order.
    static std::vector<std::string> names(const std::string& header) {
        std::vector<std::string> names;
        const auto parsed = auth::HeaderBlock::parse(header);
        for (const auto& field : parsed->fields())
            names.emplace_back(field.name);
        return names;
    }
};

using Names = std::vector<std::string>;

const std::string message =
    "Received-SPF: pass\r\nX-Quarantine: no\r\nreceived-spf : fail\r\n\tfolded\r\n"
    "From: a@sender.example\r\n\r\nbody\r\n";

// PRODUCT.md, "What the downstream server sees".
TEST_F(TransactionTest, writes_its_fields_in_order_and_takes_out_forged_ones) {
    EXPECT_EQ(names(header_of(message)),
              (Names{"Authentication-Results", "Received", "Received-SPF", "received-spf", "From"}));
    config_.authentication.received_spf = true;
    EXPECT_EQ(names(header_of(message)),
              (Names{"Authentication-Results", "Received-SPF", "Received", "From"}));
    EXPECT_EQ(names(header_of(message, "192.0.2.2")),
              (Names{"Authentication-Results", "X-Quarantine", "Received-SPF", "Received", "From"}));
    final_ = true;
    EXPECT_EQ(names(header_of(message)).front(), "Return-Path");
    config_.authentication.spf_enabled = false;  // nothing to tell, and so nothing taken out
    EXPECT_EQ(names(header_of(message, "192.0.2.2")),
              (Names{"Return-Path", "Authentication-Results", "X-Quarantine", "Received", "Received-SPF",
                     "received-spf", "From"}));
}

// PRODUCT.md, "Modes and stores": one row a judgement, each carried out first and then only counted.
TEST_F(TransactionTest, delivers_unchanged_in_monitor_mode_and_counts_what_would_have_been_done) {
    using policy::Action;
    struct Row {
        const char* judgement;
        Action would_be;
        const char* from = "From: a@sender.example\r\n";
        const char* client = "192.0.2.2";
        std::function<void(policy::Settings&)> set = [](policy::Settings&) {
        };
        bool listed = false;
    };
    const Row rows[] = {
        {"DMARC", Action::quarantine},
        {"DMARC, on_quarantine: reject", Action::reject, "From: a@sender.example\r\n", "192.0.2.2",
         [](auto& s) {
             s.on_quarantine = policy::OnQuarantine::reject;
         }},
        {"SPF, on_fail: reject", Action::reject, "From: a@other.example\r\n", "192.0.2.2",
         [](auto& s) {
             s.on_spf_fail = policy::OnSpfFail::reject;
         }},
        {"SPF, on_fail: quarantine", Action::quarantine, "From: a@other.example\r\n", "192.0.2.2",
         [](auto& s) {
             s.on_spf_fail = policy::OnSpfFail::quarantine;
         }},
        {"invalid From", Action::reject, "Subject: none\r\n", "192.0.2.1"},
        {"invalid From, on_invalid_from: quarantine", Action::quarantine, "Subject: none\r\n", "192.0.2.1",
         [](auto& s) {
             s.on_invalid_from = policy::OnInvalidFrom::quarantine;
         }},
        {"block lists", Action::reject, "From: a@sender.example\r\n", "192.0.2.1", [](auto&) {}, true},
        {"nothing", Action::accept, "From: a@sender.example\r\n", "192.0.2.1"},
    };
    policy::Settings& settings = config_.policy;
    const policy::Settings defaults = settings;
    ActionCounts expected{};
    for (const Row& row : rows) {
        SCOPED_TRACE(row.judgement);
        settings = defaults;
        row.set(settings);
        listing_.reset();
        if (row.listed) listing_ = policy::Listing{{"bl.example"}};
        const std::string mail = std::string(row.from) + "\r\nbody\r\n";
        expected_code_ = row.would_be == Action::reject ? 550 : 250;
        const std::string enforced = header_of(mail, row.client);
        EXPECT_EQ(enforced.find("X-Quarantine") != std::string::npos, row.would_be == Action::quarantine);
        EXPECT_EQ(metrics_.snapshot().would_be, expected) << "enforcing is not monitored";
        settings.mode = policy::Mode::monitor;
        expected_code_ = 250;
        const std::string watched = header_of(mail, row.client);
        EXPECT_EQ(names(watched),
                  (Names{"Authentication-Results", "Received", row.from[0] == 'F' ? "From" : "Subject"}));
        EXPECT_EQ(body_, "body\r\n");
        ++expected[static_cast<std::size_t>(row.would_be)];
        EXPECT_EQ(metrics_.snapshot().would_be, expected);
    }
    EXPECT_EQ(metrics_.snapshot().messages[static_cast<std::size_t>(server::Outcome::accept)],
              std::size(rows) + 1);
}

// Never suspended: syntax, framing, limits (PRODUCT.md, "Modes and stores").
TEST_F(TransactionTest, refuses_in_monitor_mode_what_is_no_judgement) {
    config_.policy.mode = policy::Mode::monitor;
    expected_code_ = 554;  // RFC 5321 §6.3
    std::string hops;
    for (int i = 0; i < 101; ++i)
        hops += "Received: x\r\n";
    header_of(hops + "From: a@sender.example\r\n\r\nx\r\n");
    expected_code_ = 552;
    config_.limits.header_fields = 10;
    header_of(hops + "From: a@sender.example\r\n\r\nx\r\n");
    config_.limits.header_fields = 1000;
    allow_one_message("slow", {});
    expected_code_ = 250;
    header_of(message);
    expected_code_ = 450;  // at MAIL
    const Outcome limited = submit(message);
    EXPECT_EQ(limited.reply->code(), 450);
    EXPECT_NE(limited.reply->text().find("too much of this client for now (slow)"), std::string::npos);
    EXPECT_EQ(metrics_.snapshot().would_be, (ActionCounts{1, 0, 0, 0, 0}));
}

// A rule that asks for the author domain is known to be met at the end of data alone.
TEST_F(TransactionTest, counts_a_message_beyond_a_rate) {
    policy::Condition when;
    when.author_domain = {*policy::DomainPattern::parse("sender.example")};
    allow_one_message("author", when);
    const auto limited = [&] {
        return metrics_.snapshot().clients[static_cast<std::size_t>(ClientEvent::rate_limited)];
    };
    EXPECT_EQ(submit(message).reply->code(), 250);
    EXPECT_EQ(limited(), 0U);
    EXPECT_EQ(submit(message).reply->code(), 450);
    EXPECT_EQ(limited(), 1U);
}

// It is spent by what it matches, and meets nothing else.
TEST_F(TransactionTest, defers_by_a_rate_only_what_it_is_for) {
    policy::Condition when;
    when.mail_from = {"*@sender.example"};
    allow_one_message("slow", when);
    EXPECT_EQ(submit(message).reply->code(), 250);
    EXPECT_EQ(submit(message).reply->code(), 450);
    envelope_.reverse_path = *smtp::parse_reverse_path("<a@other.example>").path;
    EXPECT_EQ(submit(message).reply->code(), 250) << "of the same client";
}

// Of two rules that a message meets the first is the one that defers it, and the other is not spent.
TEST_F(TransactionTest, spends_no_rate_behind_the_one_that_defers) {
    policy::RateLimit first;
    first.id = "first";
    first.when.author_domain = {*policy::DomainPattern::parse("sender.example")};
    policy::RateLimit second = first;
    second.id = "second";
    second.messages = 2;
    config_.policy.rate_limits = {first, second};
    EXPECT_EQ(submit(message).reply->code(), 250);
    for (int i = 0; i < 3; ++i)
        EXPECT_NE(submit(message).reply->text().find("(first)"), std::string::npos);
    config_.policy.rate_limits = {second};
    EXPECT_EQ(submit(message).reply->code(), 250) << "the second of two";
    EXPECT_NE(submit(message).reply->text().find("(second)"), std::string::npos);
}

TEST_F(TransactionTest, knows_the_helo_of_a_condition) {
    policy::Condition when;
    when.helo = {"helo.sender.example"};
    allow_one_message("slow", when);
    EXPECT_EQ(submit(message).reply->code(), 250);
    EXPECT_EQ(submit(message).reply->code(), 450);
}

TEST_F(TransactionTest, counts_an_exemption_once_for_a_message) {
    policy::Exemption exemption;
    exemption.id = "old-machine";
    exemption.when.client_ip = {*dns::IpNetwork::parse("192.0.2.2/32")};
    exemption.allow = {policy::Forgiven::bare_newline, policy::Forgiven::dmarc};
    config_.policy.exemptions = {exemption};
    metrics_.know_exemptions({exemption.id});
    EXPECT_EQ(submit("From: a@sender.example\r\n\r\nx\ny\r\n", "192.0.2.2").reply->code(), 250);
    const auto counted = metrics_.snapshot().exemptions;
    ASSERT_EQ(counted.size(), 1U);
    EXPECT_EQ(counted[0], (std::pair<std::string, std::uint64_t>("old-machine", 1)));
}

// What was not judged tells a report nothing: whether the disposition would have been another is open.
TEST_F(TransactionTest, reports_what_was_judged_alone) {
    const auto rows = [&] {
        EXPECT_TRUE(store_->flush());
        return store_->activity().written;
    };
    policy::Exemption exemption;
    exemption.id = "newlines-of-another";
    exemption.when.client_ip = {*dns::IpNetwork::parse("192.0.2.1/32")};
    exemption.when.author_domain = {*policy::DomainPattern::parse("other.example")};
    exemption.allow = {policy::Forgiven::bare_newline};
    config_.policy.exemptions = {exemption};
    EXPECT_EQ(submit("From: a@sender.example\r\n\r\nx\ny\r\n").reply->code(), 550);
    EXPECT_EQ(rows(), 0U);
    EXPECT_EQ(submit("From: a@sender.example\r\n\r\nx\r\n").reply->code(), 250);
    EXPECT_EQ(rows(), 1U);
}

TEST_F(TransactionTest, tells_the_verdict_in_one_line) {
    config_.log.level = config::Log::Level::info;
    config_.policy.own_domains = {domain_name("strict.example")};
    zone_.add(domain_name("strict.example"), dns::RrType::txt, std::string("v=spf1 -all"));
    zone_.add(domain_name("_dmarc.strict.example"), dns::RrType::txt, std::string("v=DMARC1; p=reject"));
    envelope_.reverse_path = *smtp::parse_reverse_path("<a@strict.example>").path;
    for (const auto* to : {"<b@example.org>", "<c@example.org>"})
        envelope_.recipients.emplace_back(*smtp::parse_forward_path(to).path);
    const auto line_of = [&](const std::string& text, const char* client) {
        testing::internal::CaptureStderr();
        submit(text, client);
        const std::string told = testing::internal::GetCapturedStderr();
        return told.substr(std::min(told.find("verdict"), told.size()));
    };
    const std::string mail = "From: a@strict.example\r\n\r\nx\r\n";
    const std::string line = line_of(mail, "192.0.2.2");
    const std::string envelope =
        "verdict tx=s-1 client=192.0.2.2 helo=helo.sender.example "
        "from=<a@strict.example> to=b@example.org to=c@example.org recipients=2 ";
    EXPECT_TRUE(line.starts_with(envelope)) << line;
    for (const auto* part : {" author=strict.example spf=fail dkim=none arc=none dmarc=fail policy=reject ",
                             " tls=none ", " code=550 ", " size="})
        EXPECT_NE(line.find(part), std::string::npos) << part << line;
    EXPECT_NE(line.find(" facts=own_domain,spf_fail_unsigned"), std::string::npos) << line;
    config_.limits.header_fields = 2;
    const std::string unjudged = line_of("A: b\r\nC: d\r\n" + mail, "192.0.2.2");
    EXPECT_TRUE(unjudged.starts_with(envelope)) << unjudged;
    EXPECT_EQ(unjudged.find(" author="), std::string::npos) << unjudged;
}

// An IPv6 /48 grew the server by a GiB with sessions that named 100 recipients each and went no further.
// Of a header that is too large nothing is kept.
TEST_F(TransactionTest, is_charged_for_its_header_as_long_as_it_is_there) {
    const std::string fields(config_.limits.header_size - 100, 'x');
    expected_code_ = 250;
    header_of("From: a@sender.example\r\nX: " + fields.substr(100) + "\r\n\r\nx\r\n");
    EXPECT_GT(held_at_end_of_data_, fields.size() - 100);
    EXPECT_EQ(memory_.used(), 0U);
    expected_code_ = 552;
    cut_ = 1000;
    header_of("X: " + fields + fields);
    EXPECT_EQ(held_at_end_of_data_, 0U);
}

TEST_F(TransactionTest, counts_recipients_in_the_memory_of_messages) {
    config_.limits.client_rates.recipients = 0;
    recipients_ = 20'000;
    EXPECT_EQ(submit(message).reply->wire().substr(0, 9), "452 4.3.1");
    EXPECT_GT(memory_.refusals(), 0U);
    EXPECT_EQ(memory_.used(), 0U) << "given back at the end";
    recipients_ = 1'000;
    EXPECT_EQ(submit(message).reply->code(), 250) << "an ordinary list";
}

// RFC 5321 §4.4: the client as we saw it.
TEST_F(TransactionTest, names_the_client_in_received) {
    const std::string header = header_of(message);
    EXPECT_NE(header.find("Received: from helo.sender.example ([192.0.2.1])"), std::string::npos) << header;
    EXPECT_NE(header.find(" with ESMTP\r\n\tid s-1;"), std::string::npos) << header;
}

// RFC 8689 §4.2.1: a reload may have taken away what was announced.
TEST_F(TransactionTest, takes_requiretls_only_while_it_can_be_kept) {
    envelope_.requiretls = true;
    EXPECT_EQ(submit(message).reply->wire().substr(0, 9), "451 4.3.3");
    config_.relay.tls = config::RelayTls::required;
    EXPECT_EQ(submit(message).reply->code(), 250);
}

// Recipients are counted at RCPT, when nobody knows what message will come: what an exemption forgives as far
// as one can tell then is counted later, unless the message bears it out.
TEST_F(TransactionTest, counts_recipients_that_an_exemption_turns_out_not_to_forgive) {
    const auto client = *dns::IpNetwork::parse("192.0.2.0/24");
    const auto author = *policy::DomainPattern::parse("sender.example");
    struct Case {
        const char* what;
        policy::Condition when;
        bool given_up;
        const char* author;
        int second;  // the code of a second transaction
    };
    policy::Condition of_client;
    of_client.client_ip = {client};
    policy::Condition of_both = of_client;
    of_both.author_domain = {author};
    policy::Condition of_seal;
    of_seal.arc_sealer = {domain_name("list.example")};
    const std::vector<Case> cases = {
        {"no exemption", {}, false, "sender.example", 450},
        {"known at once", of_client, false, "sender.example", 250},
        {"known at once, and then RSET", of_client, true, "sender.example", 250},
        {"borne out", of_both, false, "sender.example", 250},
        {"not borne out", of_both, false, "other.example", 450},
        {"not borne out, as RSET came", of_both, true, "sender.example", 450},
        {"known later alone", of_seal, false, "sender.example", 450},
    };
    config_.limits.client_rates.recipients = 3;
    recipients_ = 3;
    unsigned last = 10;
    for (const Case& c : cases) {
        const std::string address = "192.0.2." + std::to_string(++last);
        policy::Exemption exemption;
        exemption.id = "x";
        exemption.allow = {policy::Forgiven::rate_limit, policy::Forgiven::dmarc};
        exemption.when = c.when;
        config_.policy.exemptions.clear();
        if (!(c.when == policy::Condition())) config_.policy.exemptions = {exemption};
        given_up_ = c.given_up;
        submit(std::string("From: a@") + c.author + "\r\n\r\nx\r\n", address.c_str());
        given_up_ = false;
        // What is counted is counted for the client, whatever the next message is exempted by.
        if (c.second == 450) config_.policy.exemptions.clear();
        const Outcome second = submit("From: a@sender.example\r\n\r\nx\r\n", address.c_str());
        EXPECT_EQ(second.reply->code(), c.second) << c.what;
    }
}

// Where the header ends does not depend on where a chunk does.
TEST_F(TransactionTest, takes_a_message_in_any_chunks) {
    struct Case {
        std::string message;
        std::string header;  // what came of the client's
        std::string body;
    };
    const std::vector<Case> cases = {
        {"From: a@sender.example\r\n\r\nx\r\n\r\ny\r\n", "From: a@sender.example\r\n\r\n", "x\r\n\r\ny\r\n"},
        {"From: a@sender.example\r\n\r\n", "From: a@sender.example\r\n\r\n", ""},
        {"From: a@sender.example\r\n", "From: a@sender.example\r\n", ""},
        {"\r\nbody\r\n\r\n", "\r\n", "body\r\n\r\n"},
        {"\r\n\r\n", "\r\n", "\r\n"},
        {"From a Sun 1:00\r\nFrom: a@sender.example\r\n\r\nx\r\n", "From: a@sender.example\r\n\r\n", "x\r\n"},
        {">From a Sun 1:00\r\n\r\nx\r\n", "\r\n", "x\r\n"},
    };
    policy::Exemption exemption;
    exemption.id = "no-fields";
    exemption.when.client_ip = {*dns::IpNetwork::parse("192.0.2.1/32")};
    exemption.allow = {policy::Forgiven::missing_from_domain};
    config_.policy.exemptions = {exemption};
    for (const Case& c : cases) {
        for (const bool by_bdat : {false, true}) {
            by_bdat_ = by_bdat;
            for (cut_ = 0; cut_ <= c.message.size(); ++cut_) {
                const std::string header = header_of(c.message, "192.0.2.1");
                EXPECT_EQ(header.substr(header.rfind("+0000\r\n") + 7), c.header) << c.message << cut_;
                EXPECT_EQ(body_, c.body) << c.message << cut_;
            }
        }
    }
}

// RFC 3030 §2: a chunk may be refused before the last one has come, and then the message is counted once.
TEST_F(TransactionTest, refuses_at_a_chunk_what_nothing_behind_it_can_mend) {
    by_bdat_ = true;
    cut_ = message.size() - 3;
    const Outcome taken = submit(message);
    EXPECT_FALSE(refused_at_first_chunk_);
    EXPECT_EQ(taken.reply->code(), 250);
    EXPECT_EQ(metrics_.snapshot().messages, (OutcomeCounts{1}));
    struct Case {
        const char* what;
        std::function<void(config::Limits&)> set;
        std::string message;
        int code;
    };
    const std::vector<Case> cases = {
        {"too many fields", [](auto& limits) { limits.header_fields = 2; }, message, 552},
        {"a header too large", [](auto& limits) { limits.header_size = 20; }, message, 552},
        {"too large", [](auto& limits) { limits.message_size = 20; }, message, 552},
        {"a bare newline", [](auto&) {}, "From: a@sender.example\r\n\r\nx\ny\r\n", 550},
    };
    const config::Limits limits = config_.limits;
    std::uint64_t refused = 0;
    for (const Case& c : cases) {
        config_.limits = limits;
        c.set(config_.limits);
        const Outcome outcome = submit(c.message);
        EXPECT_TRUE(refused_at_first_chunk_) << c.what;
        EXPECT_EQ(outcome.reply->code(), c.code) << c.what;
        EXPECT_NE(outcome.reply->text().find("(mx.example.org s-1)"), std::string::npos) << c.what;
        EXPECT_EQ(outcome.header + outcome.body, "") << c.what;
        EXPECT_EQ(metrics_.snapshot().messages, (OutcomeCounts{1, 0, ++refused})) << c.what;
    }
}

// RFC 8617 §5.1: the set stands where PRODUCT.md has it, over the octets that went on.
TEST_F(TransactionTest, seals_last_of_all_what_goes_on) {
    auto key = auth::crypto::SigningKey::generate_ed25519();
    zone_.add(domain_name("arc1._domainkey.example.org"), dns::RrType::txt, auth::dkim::key_record_of(*key));
    config_.authentication.arc_seal = std::make_shared<auth::arc::SealerIdentity>(
        auth::arc::SealerIdentity{domain_name("example.org"), "arc1", std::move(*key)});
    config_.authentication.received_spf = true;
    const std::string forged = "Authentication-Results: mx.example.org; spf=pass\r\nDKIM-Signature: v=1\r\n";
    const std::string sealed = header_of(forged + message, "192.0.2.2");
    EXPECT_EQ(names(sealed),
              (Names{"Authentication-Results", "X-Quarantine", "ARC-Seal", "ARC-Message-Signature",
                     "ARC-Authentication-Results", "Received-SPF", "Received", "DKIM-Signature", "From"}));
    const auto header = auth::HeaderBlock::parse(sealed);
    EXPECT_EQ(auth::unfold(header->find("ARC-Authentication-Results")->value),
              "i=1; " + auth::unfold(header->find("Authentication-Results")->value));
    EXPECT_EQ(validate(sealed, "body\r\n").result, auth::arc::Result::pass);
    EXPECT_EQ(validate(sealed, "other\r\n").result, auth::arc::Result::fail);

    // The next of our hops: one set more; what was changed between, one that says so; and then none.
    const std::string twice = header_of(sealed + "body\r\n");
    EXPECT_EQ(validate(twice, "body\r\n").instance, 2U);
    EXPECT_EQ(validate(twice, "body\r\n").result, auth::arc::Result::pass);
    const std::string broken = header_of(twice + "changed\r\n");
    EXPECT_TRUE(validate(broken, "changed\r\n").newest_says_fail);
    EXPECT_EQ(validate(broken, "changed\r\n").instance, 3U);
    EXPECT_EQ(auth::HeaderBlock::parse(header_of(broken + "changed\r\n"))->count("ARC-Seal"), 3U);
    final_ = true;
    EXPECT_EQ(names(header_of(message)).at(2), "ARC-Seal");
}

TEST_F(TransactionTest, tells_the_check_of_mail_from_in_received_spf) {
    config_.authentication.received_spf = true;
    const std::string header = header_of(message);
    EXPECT_NE(header.find("\r\nReceived-SPF: pass (mx.example.org: sender.example permits 192.0.2.1)\r\n"
                          " client-ip=192.0.2.1; envelope-from=\"a@sender.example\";\r\n"
                          " helo=helo.sender.example; receiver=mx.example.org; identity=mailfrom;\r\n"
                          " mechanism=\"ip4:192.0.2.1\"\r\nReceived: from "),
              std::string::npos)
        << header;
}

// MAIL costs lookups: a client that never sends a message behind it is not beyond its rate.
TEST_F(TransactionTest, counts_mail_in_the_rate_of_messages_once) {
    const auto code = [&](bool gives_up, const char* client) {
        gives_up_ = gives_up;
        const Outcome outcome = submit("From: a@sender.example\r\n\r\nx\r\n", client);
        return outcome.reply ? outcome.reply->code() : 0;
    };
    config_.limits.client_rates.messages = 3;
    for (const bool gives_up : {true, true, true})
        EXPECT_EQ(code(gives_up, "192.0.2.1"), 0);
    EXPECT_EQ(code(true, "192.0.2.1"), 450);
    EXPECT_EQ(code(true, "192.0.2.2"), 0) << "another client";
    EXPECT_EQ(code(false, "192.0.2.2"), 250);
    EXPECT_EQ(code(false, "192.0.2.2"), 250) << "each message once";
    EXPECT_EQ(code(false, "192.0.2.2"), 450);
}

// What an exemption might have forgiven is counted where no message shows that it does.
TEST_F(TransactionTest, counts_given_up_mail_that_an_exemption_did_not_forgive) {
    const auto code = [&](bool gives_up) {
        gives_up_ = gives_up;
        const Outcome outcome = submit("From: a@sender.example\r\n\r\nx\r\n");
        return outcome.reply ? outcome.reply->code() : 0;
    };
    config_.limits.client_rates.messages = 2;
    policy::Exemption exemption;
    exemption.id = "list";
    exemption.when.arc_sealer = {domain_name("lists.example")};
    exemption.allow = {policy::Forgiven::rate_limit};
    config_.policy.exemptions = {exemption};
    EXPECT_EQ(code(true), 0);
    EXPECT_EQ(code(true), 0);
    EXPECT_EQ(code(false), 450) << "at the end of data, when nobody has sealed it";
    config_.policy.exemptions[0].when = {};
    config_.policy.exemptions[0].when.client_ip = {dns::IpNetwork::parse("192.0.2.1").value()};
    EXPECT_EQ(code(true), 0);
    EXPECT_EQ(code(false), 250) << "its client is forgiven whatever comes";
}

}  // namespace
}  // namespace gatepost::server
