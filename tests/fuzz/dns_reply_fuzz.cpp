// Replies of any octets: the first two say which question they answer. What comes out must agree with itself.
#include "dns/reply_matcher.hpp"
#include "dns/reply_reader.hpp"

#include <cstdlib>

namespace {

using namespace gatepost::dns;

constexpr RrType types[] = {RrType::a,   RrType::ns, RrType::cname, RrType::soa,
                            RrType::ptr, RrType::mx, RrType::txt,   RrType::aaaa};

void require(bool holds) {
    if (!holds) std::abort();
}

Query query_of(Octets message, std::uint8_t choice) {
    Query query;
    query.type = types[choice % std::size(types)];
    const auto question = read_question(message);
    if (choice >= 128 && question && question->name)
        query.name = *question->name;
    else
        query.name = *DomainName::parse("example.com");
    if (const auto header = read_header(message)) query.id = header->id;
    return query;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const Octets message(data + 1, size - 1);
    const Query query = query_of(message, data[0]);
    const ServerAddress server;
    match_reply(message, query, server, server);
    const Reply reply = read_reply(message, query);
    require(reply.answer.found() == !reply.answer.records.empty());
    require(reply.answer.records.size() <= message.size());
    require(reply.answer.ttl.count() >= 0);
    require((reply.kind == Reply::Kind::answer) != reply.answer.failed());
    require((reply.kind == Reply::Kind::answer) == reply.detail.empty());
    for (const RecordData& record : reply.answer.records)
        if (const auto* name = std::get_if<DomainName>(&record))
            require(name->is_root() || DomainName::parse(name->text()) == *name);
    // Our own queries are messages too.
    const auto asked = read_question(encode_query(query));
    require(asked && asked->name == query.name);
    return 0;
}
