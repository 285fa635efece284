# Language level, warnings, hardening, sanitizers, and the tools that make two cores enough.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Everything is linked into programs, so one setting serves libraries and programs, and they can share precompiled headers.
add_compile_options(-fPIE)
add_link_options(-pie)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Line tables are enough for back traces, and link and cache far faster than whole debug information.
string(REPLACE "-g" "-g1" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers are cached only with this sloppiness and -fpch-preprocess; the base directory lets
    # several checkouts share one cache.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT GATEPOST_FUZZ)
    add_link_options(-fuse-ld=mold)
endif()

# Everything of ours is compiled and linked with these; SYSTEM libraries see no warnings.
add_library(gatepost_options INTERFACE)
target_include_directories(gatepost_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(gatepost_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror=vla -Werror
    -fstack-protector-strong)
target_compile_definitions(gatepost_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(gatepost_options INTERFACE -Wl,-z,relro,-z,now)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(gatepost_options INTERFACE -fpch-preprocess)
    # GCC 12 sees overlaps and overruns in std::string that are not there (GCC PR 105329, 105651, 105762).
    target_compile_options(gatepost_options INTERFACE
        -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    # From GCC 13 on it takes the storage of an empty std::optional for a value that is read (GCC PR 80635).
    if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
        target_compile_options(gatepost_options INTERFACE -Wno-maybe-uninitialized)
    endif()
    # Optimized, it sees the half that it inlined of the allocation of Asio's coroutine frames (aligned_alloc) beside
    # their operator delete, and takes the two for strangers.
    target_compile_options(gatepost_options INTERFACE -Wno-mismatched-new-delete)
endif()

if(GATEPOST_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)  # coverage of the libraries too, not of the target's own file alone
endif()
if(GATEPOST_SANITIZE)
    add_compile_options(-fsanitize=${GATEPOST_SANITIZE} -fno-omit-frame-pointer -O1)
    add_link_options(-fsanitize=${GATEPOST_SANITIZE})
    if(GATEPOST_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=all)
        if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            # With coroutines these four make GCC 12 take minutes a file; ASan finds what they would.
            add_compile_options(-fno-sanitize=null,alignment,vptr,object-size)
        else()
            add_compile_options(-fno-sanitize=function)  # Clang 14 cannot, in units with coroutines
        endif()
    endif()
    if(GATEPOST_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-tsan)  # Boost's fences
    endif()
else()
    add_compile_definitions($<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()
