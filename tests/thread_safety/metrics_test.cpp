#include "server/metrics.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace gatepost::server {
namespace {

TEST(MetricsThreads, NothingIsCountedTwiceOrLost) {
    constexpr int workers = 4;
    constexpr int messages_each = 20'000;
    Metrics metrics(workers);
    const dns::DomainName ours = dns::DomainName::parse("example.com").value();
    metrics.know_domains({ours});
    metrics.know_exemptions({"cron"});

    std::atomic<bool> done{false};
    std::thread reader([&] {
        std::uint64_t before = 0;
        while (!done) {
            const MetricsSnapshot snapshot = metrics.snapshot();
            EXPECT_GE(snapshot.messages_total(), before);
            EXPECT_LE(snapshot.connections_open, snapshot.connections_total);
            before = snapshot.messages_total();
        }
    });
    std::thread reloader([&] {
        for (int i = 0; i < 500; ++i)
            metrics.know_exemptions({"exemption" + std::to_string(i)});
    });
    std::vector<std::thread> threads;
    for (int w = 0; w < workers; ++w)
        threads.emplace_back([&, w] {
            WorkerMetrics& mine = metrics.worker(static_cast<std::size_t>(w));
            for (int i = 0; i < messages_each; ++i) {
                mine.connection_opened();
                mine.count_message(i % 2 == 0 ? Outcome::accept : Outcome::reject, &ours);
                mine.count_verdicts(auth::Evidence());
                mine.count_exemption("cron");
                mine.count_exemption("exemption" + std::to_string(i % 500));
                mine.connection_closed();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    reloader.join();
    done = true;
    reader.join();

    const MetricsSnapshot got = metrics.snapshot();
    constexpr std::uint64_t all = workers * messages_each;
    EXPECT_EQ(got.messages, (OutcomeCounts{all / 2, 0, all / 2, 0, 0, 0}));
    EXPECT_EQ(got.domains.at(0).second, got.messages);
    EXPECT_EQ(got.connections_total, all);
    EXPECT_EQ(got.connections_open, 0u);
    std::uint64_t cron_hits = 0;
    for (const auto& [id, hits] : got.exemptions)
        if (id == "cron") cron_hits = hits;
    EXPECT_EQ(cron_hits, all);
}

}  // namespace
}  // namespace gatepost::server
