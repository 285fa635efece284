#include "server/metrics.hpp"

#include "server/http/prometheus_text.hpp"
#include "server/http/stats_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

dns::DomainName domain(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

std::uint64_t verdict(const MetricsSnapshot& snapshot, std::string_view mechanism, std::string_view result) {
    for (const MetricsSnapshot::Verdict& v : snapshot.verdicts)
        if (v.mechanism == mechanism && v.result == result) return v.count;
    ADD_FAILURE() << mechanism << "=" << result << " is not counted";
    return 0;
}

class MetricsTest : public testing::Test {
  protected:
    MetricsTest() {
        metrics.know_exemptions({"cron", "a \"b\"\n"});
        metrics.know_domains({domain("example.com"), domain("example.net")});
        metrics.dns_source = [] {
            DnsCounts counts;
            counts.queries = 10;
            counts.cache.cache_hits = 20;
            counts.cache.failures = 30;
            counts.cache.joins = 4;
            counts.cache.stale_answers = 5;
            counts.cache.octets = 6000;
            dns::Answer silence;
            silence.trouble = dns::Trouble::timeout;
            counts.cache.questions.add(dns::RrType::txt, silence);
            counts.cache.latency.add(std::chrono::milliseconds(40));
            counts.cache.latency.add(std::chrono::milliseconds(6000));
            counts.brownout.active = true;
            counts.brownout.begun = 2;
            counts.budgets = {7, 8, 9, 3072};
            counts.sockets = {10, 4096, 11};
            counts.brownout.all_failing = 12;
            counts.brownout.strangers_zones_fail = true;
            dns::StubStatistics worker;
            worker.servers.resize(1);
            worker.servers[0].server = "192.0.2.53:53";
            worker.servers[0].timeouts = 3;
            worker.servers[0].round_trip = std::chrono::milliseconds(20);
            counts.add(worker);
            worker.servers[0].alive = false;
            counts.add(worker);
            return counts;
        };
        metrics.report_rows_source = [] {
            reports::store::Activity activity;
            activity.appended = 7;
            activity.written = 5;
            activity.dropped = 1;
            return activity;
        };
        metrics.reloads_source = [] {
            return ReloadState::Counts{3, false};
        };
    }
    Metrics metrics{2};
};

TEST_F(MetricsTest, SumsTheWorkers) {
    const dns::DomainName ours = domain("example.com");
    const dns::DomainName strange = domain("random123.example");
    metrics.worker(0).count_message(Outcome::accept, &ours);
    metrics.worker(1).count_message(Outcome::accept, &ours);
    metrics.worker(1).count_message(Outcome::reject, &strange);
    metrics.worker(1).count_message(Outcome::relay_reject, nullptr);
    metrics.worker(0).count_would_be(policy::Action::reject);
    metrics.worker(1).count_would_be(policy::Action::reject);
    metrics.worker(1).count_would_be(policy::Action::discard);
    metrics.worker(0).connection_opened();
    metrics.worker(0).connection_opened();
    metrics.worker(1).connection_closed();  // it was handed over
    metrics.worker(0).count_exemption("cron");
    metrics.worker(1).count_exemption("of an earlier configuration, never known");
    const MetricsSnapshot got = metrics.snapshot();
    EXPECT_EQ(got.messages, (OutcomeCounts{2, 0, 1, 0, 0, 1}));
    EXPECT_EQ(got.messages_total(), 4u);
    EXPECT_EQ(got.would_be, (ActionCounts{0, 0, 2, 0, 1}));
    EXPECT_EQ(got.connections_open, 1u);
    EXPECT_EQ(got.connections_total, 2u);
    EXPECT_EQ(got.dns.cache.failures, 30u);
    ASSERT_EQ(got.exemptions.size(), 2u);
    EXPECT_EQ(got.exemptions[1], (std::pair<std::string, std::uint64_t>("cron", 1)));
    ASSERT_EQ(got.domains.size(), 2u) << "no name that a sender chose";
    EXPECT_EQ(got.domains[0].first, ours);
    EXPECT_EQ(got.domains[0].second, (OutcomeCounts{2, 0, 0, 0, 0, 0}));
    EXPECT_EQ(got.domains[1].second, OutcomeCounts{});
}

TEST_F(MetricsTest, CountsVerdicts) {
    auth::Evidence evidence;
    evidence.spf.result = auth::spf::Result::softfail;
    evidence.dkim.resize(2);
    evidence.dkim[0].result = auth::dkim::Result::pass;
    evidence.dkim[1].result = auth::dkim::Result::permerror;
    evidence.dmarc.result = auth::dmarc::Result::temperror;
    evidence.iprev.result = auth::iprev::Result::permerror;
    evidence.arc.result = auth::arc::Result::fail;
    metrics.worker(0).count_verdicts(evidence);
    metrics.worker(1).count_verdicts(auth::Evidence());
    const MetricsSnapshot got = metrics.snapshot();
    struct Case {
        const char* mechanism;
        const char* result;
        std::uint64_t want;
    };
    for (const Case& c :
         {Case{"spf", "softfail", 1}, Case{"spf", "none", 1}, Case{"spf", "pass", 0}, Case{"dkim", "pass", 1},
          Case{"dkim", "permerror", 1}, Case{"dkim", "none", 1}, Case{"dmarc", "temperror", 1},
          Case{"dmarc", "none", 1}, Case{"iprev", "permerror", 1}, Case{"arc", "fail", 1},
          Case{"arc", "none", 1}, Case{"arc", "pass", 0}})
        EXPECT_EQ(verdict(got, c.mechanism, c.result), c.want) << c.mechanism << "=" << c.result;
}

TEST_F(MetricsTest, LaterConfigurationsAddNames) {
    metrics.worker(0).count_exemption("cron");
    metrics.know_exemptions({"cron", "backup"});
    metrics.worker(0).count_exemption("cron");
    metrics.worker(0).count_exemption("backup");
    const MetricsSnapshot got = metrics.snapshot();
    ASSERT_EQ(got.exemptions.size(), 3u);
    EXPECT_EQ(got.exemptions[1], (std::pair<std::string, std::uint64_t>("backup", 1)));
    EXPECT_EQ(got.exemptions[2], (std::pair<std::string, std::uint64_t>("cron", 2)));
}

TEST(NameTable, IsBounded) {
    NameTable table;
    for (std::size_t i = 0; i < NameTable::capacity; ++i)
        EXPECT_TRUE(table.add("name" + std::to_string(i)));
    EXPECT_FALSE(table.add("one more"));
    EXPECT_TRUE(table.add("name0")) << "it is there";
    EXPECT_EQ(table.index_of("one more"), NameTable::absent);
    EXPECT_EQ(table.index_of("name1023"), 1023u);
    EXPECT_EQ(table.names().size(), NameTable::capacity);
}

TEST_F(MetricsTest, StatsHaveTheShapeOfTheContract) {
    const dns::DomainName ours = domain("example.com");
    metrics.worker(0).count_message(Outcome::quarantine, &ours);
    metrics.worker(0).count_would_be(policy::Action::reject);
    const auto stats = boost::json::parse(http::stats_json(metrics.snapshot()));
    struct Case {
        const char* pointer;
        std::int64_t want;
    };
    for (const Case& c : {Case{"/messages/accept", 0},
                          Case{"/messages/quarantine", 1},
                          Case{"/messages/reject", 0},
                          Case{"/messages/defer", 0},
                          Case{"/messages/discard", 0},
                          Case{"/messages/relay_reject", 0},
                          Case{"/messages/total", 1},
                          Case{"/would_be/accept", 0},
                          Case{"/would_be/quarantine", 0},
                          Case{"/would_be/reject", 1},
                          Case{"/would_be/defer", 0},
                          Case{"/would_be/discard", 0},
                          Case{"/would_be/total", 1},
                          Case{"/verdicts/spf/pass", 0},
                          Case{"/verdicts/dkim/neutral", 0},
                          Case{"/verdicts/dmarc/permerror", 0},
                          Case{"/verdicts/arc/pass", 0},
                          Case{"/connections/open", 0},
                          Case{"/connections/total", 0},
                          Case{"/dns/queries", 10},
                          Case{"/dns/cache_hits", 20},
                          Case{"/dns/failures", 30},
                          Case{"/exemptions/cron", 0},
                          Case{"/domains/example.com/quarantine", 1},
                          Case{"/domains/example.net/total", 0},
                          Case{"/report_rows/appended", 7},
                          Case{"/report_rows/waiting", 2},
                          Case{"/config/reload_failures", 3}}) {
        boost::json::error_code error;
        const boost::json::value* value = stats.find_pointer(c.pointer, error);
        ASSERT_NE(value, nullptr) << c.pointer;
        EXPECT_EQ(value->to_number<std::int64_t>(), c.want) << c.pointer;
    }
}

TEST_F(MetricsTest, PrometheusText) {
    metrics.worker(0).count_message(Outcome::reject, nullptr);
    metrics.worker(0).count_would_be(policy::Action::defer);
    metrics.worker(0).count_exemption("a \"b\"\n");
    const std::string text = http::prometheus_text(metrics.snapshot());
    for (const char* line : {"# HELP gatepost_messages_total ",
                             "# TYPE gatepost_messages_total counter\n",
                             "gatepost_messages_total{action=\"reject\"} 1\n",
                             "gatepost_messages_total{action=\"relay_reject\"} 0\n",
                             "gatepost_monitored_messages_total{would_be=\"defer\"} 1\n",
                             "gatepost_monitored_messages_total{would_be=\"reject\"} 0\n",
                             "gatepost_verdicts_total{mechanism=\"spf\",result=\"softfail\"} 0\n",
                             "# TYPE gatepost_open_connections gauge\n",
                             "gatepost_connections_total 0\n",
                             "gatepost_dns_queries_total 10\n",
                             "gatepost_dns_cache_hits_total 20\n",
                             "gatepost_dns_failures_total 30\n",
                             "gatepost_dns_questions_total{type=\"TXT\",outcome=\"timeout\"} 1\n",
                             "gatepost_dns_questions_total{type=\"MX\",outcome=\"nx_domain\"} 0\n",
                             "# TYPE gatepost_dns_question_duration_seconds histogram\n",
                             "gatepost_dns_question_duration_seconds_bucket{le=\"0.025\"} 0\n",
                             "gatepost_dns_question_duration_seconds_bucket{le=\"0.05\"} 1\n",
                             "gatepost_dns_question_duration_seconds_bucket{le=\"+Inf\"} 2\n",
                             "gatepost_dns_question_duration_seconds_count 2\n",
                             "gatepost_dns_joins_total 4\n",
                             "gatepost_dns_stale_answers_total 5\n",
                             "gatepost_dns_cache_bytes 6000\n",
                             "gatepost_dns_brownout 1\n",
                             "gatepost_dns_brownouts_total 2\n",
                             "gatepost_dns_client_refusals_total 7\n",
                             "gatepost_dns_zone_refusals_total 8\n",
                             "gatepost_dns_client_questions 9\n",
                             "gatepost_dns_client_questions_limit 3072\n",
                             "gatepost_dns_sockets 10\n",
                             "gatepost_dns_sockets_limit 4096\n",
                             "gatepost_dns_socket_waits_total 11\n",
                             "gatepost_dns_failing_zones 12\n",
                             "gatepost_dns_strangers_zones_fail 1\n",
                             "gatepost_dns_server_timeouts_total{server=\"192.0.2.53:53\"} 6\n",
                             "gatepost_dns_server_round_trip_seconds{server=\"192.0.2.53:53\"} 0.02\n",
                             "gatepost_dns_server_up{server=\"192.0.2.53:53\"} 1\n",
                             "gatepost_exemption_hits_total{exemption=\"cron\"} 0\n",
                             "gatepost_exemption_hits_total{exemption=\"a \\\"b\\\"\\n\"} 1\n",
                             "gatepost_report_rows_total 7\n",
                             "gatepost_report_rows_dropped_total 1\n",
                             "gatepost_report_rows_waiting 2\n",
                             "gatepost_config_reload_failures_total 3\n",
                             "gatepost_config_last_reload_successful 0\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
    EXPECT_EQ(text.find("example"), std::string::npos) << "domain names never become labels";
    // Every sample belongs to a family of ours.
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        EXPECT_TRUE(line.starts_with("gatepost_") || line.starts_with("# HELP gatepost_") ||
                    line.starts_with("# TYPE gatepost_"))
            << line;
}

}  // namespace
}  // namespace gatepost::server
