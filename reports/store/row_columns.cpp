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

constexpr const char* row_columns =
    "policy_domain, source_ip, header_from, envelope_from, envelope_to, disposition, dkim_aligned, "
    "spf_aligned, reason_type, reason_comment, dkim, spf_domain, spf_result, spf_human_result, latest";

std::int64_t day_number(std::chrono::year_month_day day) {
    return std::chrono::sys_days(day).time_since_epoch().count();
}

std::string write_dkim(const std::vector<aggregate::DkimResult>& results) {
    std::string text;
    for (const aggregate::DkimResult& result : results)
        for (const std::string_view field :
             {std::string_view(result.domain), std::string_view(result.selector), to_string(result.result),
              std::string_view(result.human_result)})
            append_field(text, field);
    return text;
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
std::vector<AlikeRows> count_alike(const std::deque<Row>& rows, std::size_t count) {
    std::vector<AlikeRows> counted;
    std::unordered_multimap<std::string_view, std::size_t> by_domain;
    for (std::size_t i = 0; i < count; ++i) {
        const Row& row = rows[i];
        const auto [first, last] = by_domain.equal_range(row.header_from.text());
        const auto known = std::find_if(
            first, last, [&](const auto& entry) { return are_alike(*counted[entry.second].row, row); });
        if (known == last) {
            by_domain.emplace(row.header_from.text(), counted.size());
            counted.push_back({&row, row.received, 1});
            continue;
        }
        AlikeRows& alike = counted[known->second];
        alike.latest = std::max(alike.latest, row.received);
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
      policies_(database),
      add_row_(database, std::string("INSERT INTO report_row (day, policy, ") + row_columns +
                             ", count) VALUES (" + placeholders(18) +
                             ") ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                             "latest = max(latest, excluded.latest)"),
      count_row_(database,
                 "UPDATE report_row SET count = count + ?18, latest = max(latest, ?17) WHERE day = ?1 AND "
                 "policy = ?2 AND policy_domain = ?3 AND source_ip = ?4 AND header_from = ?5 AND "
                 "envelope_from = ?6 AND envelope_to = ?7 AND disposition = ?8 AND dkim_aligned = ?9 AND "
                 "spf_aligned = ?10 AND reason_type = ?11 AND reason_comment = ?12 AND dkim = ?13 AND "
                 "spf_domain = ?14 AND spf_result = ?15 AND spf_human_result = ?16") {}

// Gives the number of rows that were written or changed.
int RowWriter::run(SQLite::Statement& statement, const AlikeRows& alike, std::int64_t policy) {
    const Row& row = *alike.row;
    const auto time = std::chrono::floor<std::chrono::microseconds>(alike.latest).time_since_epoch();
    const std::string envelope_to = write_fields(row.envelope_to);
    const std::string dkim = write_dkim(row.dkim);
    Binder binder(statement);
    binder.integer(day_of(row).time_since_epoch().count()).integer(policy);
    binder.kept_text(row.policy_domain.text()).text(row.source_ip.text()).kept_text(row.header_from.text());
    binder.kept_text(row.envelope_from).kept_text(envelope_to).kept_text(row.disposition);
    binder.integer(row.dkim_aligned ? 1 : 0).integer(row.spf_aligned ? 1 : 0);
    if (row.reason)
        binder.kept_text(row.reason->type).kept_text(row.reason->comment);
    else
        binder.text("").text("");
    binder.kept_text(dkim);
    if (row.spf)
        binder.kept_text(row.spf->domain).text(to_string(row.spf->result)).kept_text(row.spf->human_result);
    else
        binder.text("").text("").text("");
    binder.integer(time.count()).integer(static_cast<std::int64_t>(alike.count));
    return statement.exec();
}

// False: there is no room.
bool RowWriter::write_row(const AlikeRows& alike, RowRoom& room) {
    const std::int64_t day = day_of(*alike.row).time_since_epoch().count();
    std::optional<std::int64_t> policy;
    if (!room.is_ample()) {
        policy = policies_.find(*alike.row, day);
        if (policy && run(count_row_, alike, *policy) > 0) return true;
        if (!room.take(alike.row->source_ip, octets_in_database(*alike.row))) return false;
    }
    run(add_row_, alike, policy ? *policy : policies_.id_of(*alike.row, day));
    return true;
}

std::size_t RowWriter::write(const std::deque<Row>& rows, std::size_t count, RowRoom& room) {
    std::size_t left_out = 0;
    // Immediate: a lock that another process holds is met here, with its timeout, and not half way.
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    try {
        for (const AlikeRows& alike : count_alike(rows, count))
            if (!write_row(alike, room)) left_out += alike.count;
        transaction.commit();
    } catch (...) {
        forget_policies();  // those of this transaction go with it
        room.forget();
        throw;
    }
    return left_out;
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
