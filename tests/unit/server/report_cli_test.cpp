#include "tests/support/report_row.hpp"
#include "tests/support/temporary_folder.hpp"

#include "server/cli/report.hpp"

#include "reports/store/store.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace gatepost::server::cli {
namespace {

using namespace std::chrono_literals;
using tests::report_day;
using tests::report_row;

class ReportCliTest : public testing::Test {
  protected:
    ReportCliTest() {
        config.hostname = "mx1.example.com";
        config.data_dir = folder.path();
    }

    void record() {
        const auto opened = reports::store::open_store(reports::store::database_path(folder.path()));
        ASSERT_TRUE(opened.store) << opened.problem;
        opened.store->append(report_row());
        opened.store->append(report_row(13h));
        opened.store->append(report_row(-1h));
        auto international = report_row();
        international.policy_domain = tests::domain_name("xn--bcher-kva.example");
        opened.store->append(international);
        ASSERT_TRUE(opened.store->flush());
    }

    int list(const std::string& date = "", bool json = false) {
        out.str("");
        err.str("");
        return report_list(config, {date, json}, out, err);
    }
    int show(const std::string& domain, const std::string& date = "") {
        out.str("");
        err.str("");
        return report_show(config, {domain, date, report_day + 20h}, out, err);
    }

    tests::TemporaryFolder folder;
    config::Config config;
    std::ostringstream out;
    std::ostringstream err;
};

TEST_F(ReportCliTest, ListsTheDays) {
    record();
    EXPECT_EQ(list(), 0);
    EXPECT_EQ(out.str(),
              "date        domain                 messages\n"
              "2026-11-24  example.org            2\n"
              "2026-11-24  xn--bcher-kva.example  1\n"
              "2026-11-23  example.org            1\n");
    EXPECT_EQ(list("2026-11-23", true), 0);
    EXPECT_EQ(out.str(), "[{\"date\":\"2026-11-23\",\"domain\":\"example.org\",\"messages\":1}]\n");
    EXPECT_EQ(list("2026-01-01", true), 0);
    EXPECT_EQ(out.str(), "[]\n");
    EXPECT_EQ(list("2026-01-01"), 0);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str().find("nothing is recorded on 2026-01-01"), std::string::npos);
}

TEST_F(ReportCliTest, ShowsADay) {
    record();
    EXPECT_EQ(show("Example.ORG."), 0) << err.str();
    EXPECT_NE(out.str().find("<count>2</count>"), std::string::npos) << "today by the caller's clock";
    EXPECT_NE(out.str().find("<org_name>mx1.example.com</org_name>"), std::string::npos);
    EXPECT_NE(out.str().find("<email>postmaster@mx1.example.com</email>"), std::string::npos);
    EXPECT_EQ(show("example.org", "2026-11-23"), 0);
    EXPECT_NE(out.str().find("<count>1</count>"), std::string::npos);
    config.reports.organization = "Example Ltd";
    config.reports.email = "dmarc@example.com";
    EXPECT_EQ(show("b\xc3\xbc"
                   "cher.example"),
              0);
    EXPECT_NE(out.str().find("<domain>xn--bcher-kva.example</domain>"), std::string::npos);
    EXPECT_NE(out.str().find("<report_id>2026-11-24_xn--bcher-kva.example@example.com</report_id>"),
              std::string::npos);
}

TEST_F(ReportCliTest, TellsWhatIsMissing) {
    EXPECT_EQ(list(), 1);
    EXPECT_NE(err.str().find("no state database"), std::string::npos) << err.str();
    record();
    EXPECT_EQ(show("example.net"), 1);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str().find("no message on 2026-11-24"), std::string::npos) << err.str();
    EXPECT_EQ(show("example.org", "2026-11-22"), 1);
    EXPECT_EQ(show("mail.example.org"), 1) << "reports are by policy domain";
}

TEST_F(ReportCliTest, RefusesWhatIsNoDateOrDomain) {
    for (const char* date : {"today", "2026-13-01", "2026-02-30", "2026-1-1", "20261124", "2026-11-24 ",
                             "2026/11/24", "-026-11-24"}) {
        EXPECT_EQ(list(date), 2) << date;
        EXPECT_EQ(show("example.org", date), 2) << date;
    }
    for (const char* domain : {"", ".", "a..b", "\xff"})
        EXPECT_EQ(show(domain), 2) << domain;
}

}  // namespace
}  // namespace gatepost::server::cli
