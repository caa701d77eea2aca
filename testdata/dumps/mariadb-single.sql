/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.14-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version	10.11.14-MariaDB-0+deb12u2

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Table structure for table `people`
--

DROP TABLE IF EXISTS `people`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `people` (
  `MemberID` int(11) NOT NULL AUTO_INCREMENT,
  `Full Name` varchar(60) NOT NULL DEFAULT 'a, b); -- `x`',
  `SSN` varchar(11) DEFAULT NULL,
  `Email` varchar(80) DEFAULT NULL,
  `notes` text DEFAULT NULL,
  `balance` decimal(10,2) DEFAULT NULL,
  `active` bit(1) DEFAULT NULL,
  `blob` varbinary(20) DEFAULT NULL,
  PRIMARY KEY (`MemberID`),
  KEY `odd` (`SSN`,`Email`),
  CONSTRAINT `c` CHECK (`balance` > 0)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='people; all';
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `people`
--

LOCK TABLES `people` WRITE;
/*!40000 ALTER TABLE `people` DISABLE KEYS */;
INSERT INTO `people` (`MemberID`, `Full Name`, `SSN`, `Email`, `notes`, `balance`, `active`, `blob`) VALUES (1,'Ada Archer','536-22-1847','ada@mail.example','two\nlines	and a \\ back; slash, \"quoted\"',12.50,0x01,0xDEADBEEF);
INSERT INTO `people` (`MemberID`, `Full Name`, `SSN`, `Email`, `notes`, `balance`, `active`, `blob`) VALUES (2,'Bruno O\'Boone','401-55-9024','bruno@mail.example','',NULL,0x00,NULL);
INSERT INTO `people` (`MemberID`, `Full Name`, `SSN`, `Email`, `notes`, `balance`, `active`, `blob`) VALUES (3,'Zoë Nuñez',NULL,'zoe@mail.example','NULL',1.00,NULL,NULL);
INSERT INTO `people` (`MemberID`, `Full Name`, `SSN`, `Email`, `notes`, `balance`, `active`, `blob`) VALUES (4,'Cleo Cruz','401-55-9025','cleo@mail.example','100%_x\Z',3.00,0x01,'');
/*!40000 ALTER TABLE `people` ENABLE KEYS */;
UNLOCK TABLES;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-11-24 20:42:16
