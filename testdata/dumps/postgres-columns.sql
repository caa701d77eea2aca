--
-- PostgreSQL database dump
--

\restrict ROkRSHNQBfNSQEXXUxnr3gDbh72d2MTx7TwYO6MDYPza8H5Zb4HpVaGzpw2xJsC

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: sr
--

CREATE FUNCTION public.f() RETURNS integer
    LANGUAGE plpgsql
    AS $$ begin return 1; -- ';' insert into x values (1);
end; $$;


ALTER FUNCTION public.f() OWNER TO sr;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: people list; Type: TABLE; Schema: public; Owner: sr
--

CREATE TABLE public."people list" (
    "MemberID" integer NOT NULL,
    "Name" character varying(60) DEFAULT 'a, b); --'::character varying NOT NULL,
    "SSN" text,
    "Email" text,
    notes text,
    balance numeric(10,2),
    active boolean,
    blob bytea,
    CONSTRAINT "people list_balance_check" CHECK ((balance > (0)::numeric))
);


ALTER TABLE public."people list" OWNER TO sr;

--
-- Name: people list_MemberID_seq; Type: SEQUENCE; Schema: public; Owner: sr
--

CREATE SEQUENCE public."people list_MemberID_seq"
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public."people list_MemberID_seq" OWNER TO sr;

--
-- Name: people list_MemberID_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: sr
--

ALTER SEQUENCE public."people list_MemberID_seq" OWNED BY public."people list"."MemberID";


--
-- Name: ranks; Type: TABLE; Schema: public; Owner: sr
--

CREATE TABLE public.ranks (
    id integer NOT NULL,
    title text
);


ALTER TABLE public.ranks OWNER TO sr;

--
-- Name: people list MemberID; Type: DEFAULT; Schema: public; Owner: sr
--

ALTER TABLE ONLY public."people list" ALTER COLUMN "MemberID" SET DEFAULT nextval('public."people list_MemberID_seq"'::regclass);


--
-- Data for Name: people list; Type: TABLE DATA; Schema: public; Owner: sr
--

INSERT INTO public."people list" ("MemberID", "Name", "SSN", "Email", notes, balance, active, blob) VALUES
	(1, 'Ada Archer', '536-22-1847', 'ada@mail.example', 'two
lines	and a \ back; slash, "quoted"', 12.50, true, '\xdeadbeef'),
	(2, 'Bruno O''Boone', '401-55-9024', 'bruno@mail.example', '', NULL, false, NULL),
	(3, 'Zoë Nuñez', NULL, 'zoe@mail.example', '\.', 1.00, true, NULL);
INSERT INTO public."people list" ("MemberID", "Name", "SSN", "Email", notes, balance, active, blob) VALUES
	(4, 'Cleo Cruz', '401-55-9025', 'cleo@mail.example', '\N', 3.00, NULL, '\x');


--
-- Data for Name: ranks; Type: TABLE DATA; Schema: public; Owner: sr
--

INSERT INTO public.ranks (id, title) VALUES
	(1, 'Director'),
	(2, 'Executive');


--
-- Name: people list_MemberID_seq; Type: SEQUENCE SET; Schema: public; Owner: sr
--

SELECT pg_catalog.setval('public."people list_MemberID_seq"', 4, true);


--
-- Name: people list odd; Type: CONSTRAINT; Schema: public; Owner: sr
--

ALTER TABLE ONLY public."people list"
    ADD CONSTRAINT odd UNIQUE ("SSN", "Email");


--
-- Name: people list people list_pkey; Type: CONSTRAINT; Schema: public; Owner: sr
--

ALTER TABLE ONLY public."people list"
    ADD CONSTRAINT "people list_pkey" PRIMARY KEY ("MemberID");


--
-- Name: ranks ranks_pkey; Type: CONSTRAINT; Schema: public; Owner: sr
--

ALTER TABLE ONLY public.ranks
    ADD CONSTRAINT ranks_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict ROkRSHNQBfNSQEXXUxnr3gDbh72d2MTx7TwYO6MDYPza8H5Zb4HpVaGzpw2xJsC

