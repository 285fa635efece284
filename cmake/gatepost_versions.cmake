# What `gatepost version` tells: the build, and the libraries as they were found. Their headers stay behind their
# doors, so CMake hands their versions over.
function(gatepost_versions source)
    string(JOIN "|" libraries
        "Boost ${Boost_VERSION}"
        "OpenSSL ${OPENSSL_VERSION}"
        "ldns ${ldns_VERSION}"
        "libidn2 ${idn2_VERSION}"
        "libpsl ${psl_VERSION}"
        "SQLiteCpp ${SQLiteCpp_VERSION}"
        "pugixml ${pugixml_VERSION}"
        "yaml-cpp ${yaml-cpp_VERSION}"
        "spdlog ${spdlog_VERSION}"
        "prometheus-cpp ${prometheus_VERSION}")
    set_source_files_properties("${PROJECT_SOURCE_DIR}/${source}" PROPERTIES COMPILE_DEFINITIONS
        "GATEPOST_VERSION=\"${PROJECT_VERSION}\";GATEPOST_BUILD_TYPE=\"${CMAKE_BUILD_TYPE}\";GATEPOST_COMPILER=\"${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}\";GATEPOST_SANITIZERS=\"${GATEPOST_SANITIZE}\";GATEPOST_LIBRARIES=\"${libraries}\"")
endfunction()
