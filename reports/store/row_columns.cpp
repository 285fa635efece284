#include "reports/store/row_columns.hpp"

#include "reports/store/field_list.hpp"
#include "reports/store/schema.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace gatepost::reports::store {
namespace {

namespace dmarc = auth::dmarc;
using aggregate::Row;

constexpr const char* policy_columns =
    "discovery, record, p, sp, np, adkim, aspf, testing, psd, fo, rua, ruf";
constexpr const char* find_policy =
    "SELECT id FROM policy WHERE discovery = ? AND record = ? AND p = ? AND sp = ? AND np = ? AND adkim = ? "
    "AND aspf = ? AND testing = ? AND psd = ? AND fo = ? AND rua = ? AND ruf = ?";
constexpr const char* row_columns =
    "policy_domain, source_ip, header_from, envelope_from, envelope_to, disposition, dkim_aligned, "
    "spf_aligned, reason_type, reason_comment, dkim, spf_domain, spf_result, spf_human_result, latest";

std::int64_t day_number(std::chrono::year_month_day day) {
    return std::chrono::sys_days(day).time_since_epoch().count();
}

std::string word(const std::optional<dmarc::Policy>& policy) {
    return policy ? std::string(dmarc::to_string(*policy)) : std::string();
}

std::string word(const std::optional<bool>& psd) {
    return !psd ? "" : *psd ? "y" : "n";
}

// The enumerator that to_string() gives `text` for; enumerators run from 0 to `last`.
template <typename E>
E enumerator(const std::string& text, E last) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (to_string(static_cast<E>(i)) == text) return static_cast<E>(i);
    throw UnusableDatabase("the state database holds the unknown word " + text);
}

std::string write_dkim(const std::vector<aggregate::DkimResult>& results) {
    std::vector<std::string> fields;
    fields.reserve(4 * results.size());
    for (const aggregate::DkimResult& result : results) {
        fields.push_back(result.domain);
        fields.push_back(result.selector);
        fields.emplace_back(to_string(result.result));
        fields.push_back(result.human_result);
    }
    return write_fields(fields);
}

std::vector<std::string> fields_of(const std::string& text) {
    auto fields = read_fields(text);
    if (!fields) throw UnusableDatabase("the state database holds a damaged row");
    return std::move(*fields);
}

std::vector<aggregate::DkimResult> read_dkim(const std::string& text) {
    const std::vector<std::string> fields = fields_of(text);
    if (fields.size() % 4 != 0) throw UnusableDatabase("the state database holds a damaged row");
    std::vector<aggregate::DkimResult> results;
    for (std::size_t i = 0; i < fields.size(); i += 4)
        results.push_back({fields[i], fields[i + 1], enumerator(fields[i + 2], auth::dkim::Result::permerror),
                           fields[i + 3]});
    return results;
}

// Binds and reads columns one after the other.
class Binder {
  public:
    explicit Binder(SQLite::Statement& statement) : statement_(statement) {
        statement_.tryReset();  // reports the error of the last run once more, which is none of ours
        statement_.clearBindings();
    }
    Binder& text(std::string_view value) {
        // With its length: senders put NULs into names.
        statement_.bind(++index_, std::string(value));
        return *this;
    }
    Binder& integer(std::int64_t value) {
        statement_.bind(++index_, value);
        return *this;
    }

  private:
    SQLite::Statement& statement_;
    int index_ = 0;
};

class Columns {
  public:
    explicit Columns(SQLite::Statement& statement) : statement_(statement) {}
    std::string text() { return statement_.getColumn(index_++).getString(); }
    std::int64_t integer() { return statement_.getColumn(index_++).getInt64(); }
    dns::DomainName domain() {
        auto name = dns::DomainName::parse(text());
        if (!name) throw UnusableDatabase("the state database holds a damaged name");
        return *name;
    }

  private:
    SQLite::Statement& statement_;
    int index_ = 0;
};

void bind_policy(Binder& binder, const Row& row) {
    const dmarc::Record& policy = row.policy;
    binder.text(to_string(row.discovery)).text(policy.text).text(to_string(policy.p));
    binder.text(word(policy.sp)).text(word(policy.np));
    binder.text(to_string(policy.adkim)).text(to_string(policy.aspf)).integer(policy.testing ? 1 : 0);
    binder.text(word(policy.psd)).text(policy.fo).text(policy.rua).text(policy.ruf);
}

void read_policy(Columns& columns, Row& row) {
    const auto optional_policy = [&]() -> std::optional<dmarc::Policy> {
        const std::string text = columns.text();
        if (text.empty()) return std::nullopt;
        return enumerator(text, dmarc::Policy::reject);
    };
    row.discovery = enumerator(columns.text(), dmarc::Discovery::psl);
    row.policy.text = columns.text();
    row.policy.p = enumerator(columns.text(), dmarc::Policy::reject);
    row.policy.sp = optional_policy();
    row.policy.np = optional_policy();
    row.policy.adkim = enumerator(columns.text(), dmarc::AlignmentMode::strict);
    row.policy.aspf = enumerator(columns.text(), dmarc::AlignmentMode::strict);
    row.policy.testing = columns.integer() != 0;
    const std::string psd = columns.text();
    if (!psd.empty()) row.policy.psd = psd == "y";
    row.policy.fo = columns.text();
    row.policy.rua = columns.text();
    row.policy.ruf = columns.text();
}

void read_results(Columns& columns, Row& row) {
    row.disposition = columns.text();
    row.dkim_aligned = columns.integer() != 0;
    row.spf_aligned = columns.integer() != 0;
    aggregate::OverrideReason reason{columns.text(), columns.text()};
    if (!reason.type.empty()) row.reason = std::move(reason);
    row.dkim = read_dkim(columns.text());
    aggregate::SpfResult spf;
    spf.domain = columns.text();
    const std::string result = columns.text();
    spf.human_result = columns.text();
    if (!result.empty()) {
        spf.result = enumerator(result, auth::spf::Result::permerror);
        row.spf = std::move(spf);
    }
}

CountedRow read_row(SQLite::Statement& statement) {
    Columns columns(statement);
    CountedRow found;
    Row& row = found.row;
    row.policy_domain = columns.domain();
    const auto source = dns::IpAddress::parse(columns.text());
    if (!source) throw UnusableDatabase("the state database holds a damaged address");
    row.source_ip = *source;
    row.header_from = columns.domain();
    row.envelope_from = columns.text();
    row.envelope_to = fields_of(columns.text());
    read_results(columns, row);
    row.received = std::chrono::system_clock::time_point(std::chrono::microseconds(columns.integer()));
    found.count = static_cast<std::uint64_t>(columns.integer());
    read_policy(columns, row);
    return found;
}

auto day_of(const Row& row) {
    return std::chrono::floor<std::chrono::days>(row.received);
}

// All but the time within the day: such rows are one in the database too.
bool are_alike(const Row& a, const Row& b) {
    const auto key = [](const Row& row) {
        return std::tie(row.policy_domain, row.policy, row.discovery, row.source_ip, row.disposition,
                        row.dkim_aligned, row.spf_aligned, row.reason, row.header_from, row.envelope_from,
                        row.envelope_to, row.dkim, row.spf);
    };
    return day_of(a) == day_of(b) && key(a) == key(b);
}

// Rows that are alike cost one statement for all of them; in a batch of a busy moment most are.
std::vector<CountedRow> count_alike(const std::deque<Row>& rows, std::size_t count) {
    std::vector<CountedRow> counted;
    std::unordered_multimap<std::string_view, std::size_t> by_domain;
    for (std::size_t i = 0; i < count; ++i) {
        const Row& row = rows[i];
        const auto [first, last] = by_domain.equal_range(row.header_from.text());
        const auto known = std::find_if(
            first, last, [&](const auto& entry) { return are_alike(counted[entry.second].row, row); });
        if (known == last) {
            by_domain.emplace(row.header_from.text(), counted.size());
            counted.push_back({row, 1});
            continue;
        }
        CountedRow& alike = counted[known->second];
        alike.row.received = std::max(alike.row.received, row.received);
        ++alike.count;
    }
    return counted;
}

std::string placeholders(int count) {
    std::string text = "?";
    for (int i = 1; i < count; ++i)
        text += ", ?";
    return text;
}

}  // namespace

RowWriter::RowWriter(SQLite::Database& database)
    : database_(database),
      find_policy_(database, find_policy),
      add_policy_(database, std::string("INSERT INTO policy (") + policy_columns + ") VALUES (" +
                                placeholders(12) + ")"),
      count_row_(database, std::string("INSERT INTO report_row (day, policy, ") + row_columns +
                               ", count) VALUES (" + placeholders(18) +
                               ") ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                               "latest = max(latest, excluded.latest)") {}

std::int64_t RowWriter::policy_id(const Row& row) {
    Binder find(find_policy_);
    bind_policy(find, row);
    if (find_policy_.executeStep()) {
        const std::int64_t id = find_policy_.getColumn(0).getInt64();
        find_policy_.tryReset();
        return id;
    }
    Binder add(add_policy_);
    bind_policy(add, row);
    add_policy_.exec();
    return database_.getLastInsertRowid();
}

void RowWriter::write_row(const CountedRow& alike) {
    const Row& row = alike.row;
    const auto time = std::chrono::floor<std::chrono::microseconds>(row.received).time_since_epoch();
    Binder binder(count_row_);
    binder.integer(day_of(row).time_since_epoch().count()).integer(policy_id(row));
    binder.text(row.policy_domain.text()).text(row.source_ip.text()).text(row.header_from.text());
    binder.text(row.envelope_from).text(write_fields(row.envelope_to)).text(row.disposition);
    binder.integer(row.dkim_aligned ? 1 : 0).integer(row.spf_aligned ? 1 : 0);
    const aggregate::OverrideReason reason = row.reason.value_or(aggregate::OverrideReason());
    binder.text(reason.type).text(reason.comment).text(write_dkim(row.dkim));
    if (row.spf)
        binder.text(row.spf->domain).text(to_string(row.spf->result)).text(row.spf->human_result);
    else
        binder.text("").text("").text("");
    binder.integer(time.count()).integer(static_cast<std::int64_t>(alike.count));
    count_row_.exec();
}

void RowWriter::write(const std::deque<Row>& rows, std::size_t count) {
    // Immediate: a lock that another process holds is met here, with its timeout, and not half way.
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    for (const CountedRow& alike : count_alike(rows, count))
        write_row(alike);
    transaction.commit();
}

std::vector<DaySummary> read_days(SQLite::Database& database,
                                  std::optional<std::chrono::year_month_day> day) {
    SQLite::Statement query(database,
                            "SELECT day, policy_domain, sum(count) FROM report_row WHERE day BETWEEN ? AND ? "
                            "GROUP BY day, policy_domain ORDER BY day DESC, policy_domain");
    Binder binder(query);
    if (day)
        binder.integer(day_number(*day)).integer(day_number(*day));
    else
        binder.integer(0).integer(std::numeric_limits<std::int32_t>::max());
    std::vector<DaySummary> days;
    while (query.executeStep()) {
        Columns columns(query);
        DaySummary summary;
        summary.day = std::chrono::sys_days(std::chrono::days(columns.integer()));
        summary.policy_domain = columns.domain();
        summary.messages = static_cast<std::uint64_t>(columns.integer());
        days.push_back(std::move(summary));
    }
    return days;
}

std::vector<CountedRow> read_rows(SQLite::Database& database, const dns::DomainName& policy_domain,
                                  std::chrono::year_month_day day) {
    SQLite::Statement query(database, std::string("SELECT ") + row_columns + ", count, " + policy_columns +
                                          " FROM report_row JOIN policy ON policy.id = report_row.policy "
                                          "WHERE day = ? AND policy_domain = ?");
    Binder binder(query);
    binder.integer(day_number(day)).text(policy_domain.text());
    std::vector<CountedRow> rows;
    while (query.executeStep())
        rows.push_back(read_row(query));
    return rows;
}

}  // namespace gatepost::reports::store
